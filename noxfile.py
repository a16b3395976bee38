"""The test suite on every supported Python, and on both lines of marshmallow.

`nox` runs them all; `nox -s tests-3.13` one. Interpreters are found on PATH and under pyenv.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import nox

# nox does not put the project's folder on the path.
sys.path.insert(0, str(Path(__file__).parent))
from tests.peers import find_python

PYTHONS = ["3.10", "3.11", "3.12", "3.13"]
#: The oldest marshmallow that setup.cfg allows, the last of its line, and the current line.
MARSHMALLOWS = {"oldest": "marshmallow==3.20.*", "3": "marshmallow<4", "4": "marshmallow>=4,<5"}

nox.options.reuse_existing_virtualenvs = True
nox.options.error_on_missing_interpreters = True

# nox looks on PATH only: put pyenv's interpreters there.
for version in PYTHONS:
    found = find_python(version)
    if found:
        os.environ["PATH"] += os.pathsep + os.path.dirname(found)


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """Every test, on one Python with what pip chooses."""
    session.install("--quiet", "--editable", ".[test,lint]")
    session.run("python", "-m", "pytest", "-n", "2", "-q", *session.posargs)


@nox.session(python="3.11")
@nox.parametrize("line", [nox.param(line, id=line) for line in MARSHMALLOWS])
def marshmallow(session: nox.Session, line: str) -> None:
    """The rooms that meet marshmallow, on one of its lines."""
    session.install("--quiet", "--editable", ".[test]", MARSHMALLOWS[line])
    session.run("python", "-c", "import importlib.metadata as m; print(m.version('marshmallow'))")
    chosen = session.posargs or ["tests/wire", "tests/states", "tests/results"]
    session.run("python", "-m", "pytest", "-n", "2", "-q", *chosen)
