"""The test suite on every supported Python, on both lines of marshmallow and the oldest releases.

`nox` runs them all; `nox -s tests-3.13` one. Interpreters are found on PATH and under pyenv.
"""

from __future__ import annotations

import os
import re
import sys
from configparser import RawConfigParser
from pathlib import Path

import nox

# nox does not put the project's folder on the path.
sys.path.insert(0, str(Path(__file__).parent))
from tests.peers import find_python

PYTHONS = ["3.10", "3.11", "3.12", "3.13"]
#: The lines of marshmallow; the oldest release that setup.cfg allows is in `oldest`.
MARSHMALLOWS = {"3": "marshmallow<4", "4": "marshmallow>=4,<5"}
#: The rooms that meet dependencies, which tests of their versions run.
ROOMS = ["tests/wire", "tests/states", "tests/results", "tests/serializers", "tests/schedules"]

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
    session.run("python", "-m", "pytest", "-n", "2", "-q", *(session.posargs or ROOMS))


@nox.session(python="3.10")
def oldest(session: nox.Session) -> None:
    """The same rooms on the oldest Python, with the oldest releases that setup.cfg allows."""
    parser = RawConfigParser()
    parser.read("setup.cfg")
    lines = parser["options"]["install_requires"].split("\n")
    bounds = (re.match(r"([\w-]+)>=([\d.]+)", line) for line in lines)
    pins = [f"{bound[1]}=={bound[2]}" for bound in bounds if bound]
    session.install("--quiet", "--editable", ".[test]", *pins)
    session.run("python", "-m", "pytest", "-n", "2", "-q", *(session.posargs or ROOMS))


@nox.session(python="3.11")
def drivers(session: nox.Session) -> None:
    """fsspec's drivers of cloud storage, which choose the versions of vendors' clients."""
    session.install("--quiet", "--editable", ".[test]", "s3fs", "gcsfs", "adlfs")
    session.run("python", "-m", "pytest", "-q", "tests/filesystems/test_drivers.py")
