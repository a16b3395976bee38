"""The example flow and the demonstration around it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


def run_demo() -> str:
    """What the demonstration prints."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"}
    environment.pop("PREFECT__USER_CONFIG_PATH", None)
    done = subprocess.run(
        [sys.executable, str(ROOT / "examples" / "demo.py")],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_demonstration_shows_each_kind_of_run() -> None:
    """A retry, a cache, a mapped and a skipped task, a second process, and what was spared."""
    first, _, rest = run_demo().partition("Its states, as JSON, in a second process")
    sent, _, second = rest.partition("Second run")
    assert re.search(r"^fetch-1 +Success +2 ", first, re.MULTILINE)
    assert re.search(r"^parse-1 +Cached +1 ", first, re.MULTILINE)
    assert re.search(r"^weigh-1 +Mapped +342 .*342 x Success", first, re.MULTILINE)
    assert re.search(r"^heaviest-1 +Success +1 .*Gentoo", first, re.MULTILINE)
    assert re.search(r"^draw-1 +Skipped +0 ", first, re.MULTILINE)
    assert "-> 'Gentoo'" in sent
    assert re.search(r"read 35\d values", sent)
    assert re.search(r"^describe-1 +Mapped +0 .*3 x Cached", second, re.MULTILINE)
    assert "not computed again: describe-1, heaviest-1, parse-1" in second


def test_the_data_is_the_whole_table() -> None:
    """344 penguins, with the licence of the data beside them."""
    data = ROOT / "examples" / "data"
    assert len((data / "penguins.csv").read_text().splitlines()) == 345
    assert "CC0" in (data / "README.md").read_text()
