"""What recording adds to a task run on SQLite: two states with history, on disk at the end."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.bench_tasks import REFERENCE_PATCHED_US
from benchmarks.report import Row, at_most, compared
from benchmarks.workers import Pool

TITLE = "Recording a mapped task run in an SQLite store, beyond what the run itself takes"


def run(quick: bool = False) -> Iterator[Row]:
    """Measure, beside a task run of the patched peer, which records nothing."""
    n = 1_000 if quick else 5_000
    asked = {
        "recorded": ("ours", "recorded", n),
        "plain": ("ours", "mapped", n),
        "patched": ("patched", "mapped", 1_000),
    }
    with Pool() as pool:
        us = {name: value * 1e6 for name, value in pool.turns(asked, rounds=5).items()}
    scale = us["patched"] / REFERENCE_PATCHED_US
    name = f"recording, mapped {n:,}"
    yield compared(name, us["recorded"], "the run itself", us["plain"])
    yield compared(name, us["recorded"], "1.4.1 patched, run only", us["patched"])
    yield at_most(f"{name}, scaled to the reference", us["recorded"] / scale, 60, "us")
