"""What importing the package and running a flow loads, and what it does without."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from configparser import RawConfigParser
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
#: What the first import must not load, because it is slow or optional.
HEAVY = (
    "alembic asyncio attr attrs azure boto3 click cloudpickle concurrent.futures croniter dask "
    "dateutil distributed fsspec google graphql graphviz inspect marshmallow multiprocessing numpy "
    "pandas paramiko pendulum pyarrow rich sqlalchemy starlette subprocess uuid uvicorn"
).split()


def run_python(code: str, *, blocked: tuple[str, ...] = ()) -> str:
    """What a fresh interpreter prints, in which the `blocked` packages can't be imported."""
    script = f"""
import sys
class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {blocked!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}} (blocked)", name=name)
sys.meta_path.insert(0, Blocker())
{code}
"""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"}
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def optional_packages() -> tuple[str, ...]:
    """The top-level modules of what only extras install."""
    modules = {"google-cloud-storage": "google", "azure-storage-blob": "azure"}
    modules["graphql-core"] = "graphql"
    parser = RawConfigParser()
    parser.read(ROOT / "setup.cfg")
    names = set()
    for extra, lines in parser["options.extras_require"].items():
        if extra not in ("test", "lint", "docs", "dev", "all"):
            for line in lines.split():
                name = line.partition("[")[0].split(">")[0]
                names.add(modules.get(name, name.replace("-", "_")))
    return tuple(sorted(names - {"prefect_results"}))


def test_the_first_import_loads_nothing_heavy() -> None:
    """`import prefect_results` loads no dependency, and no slow part of the standard library."""
    code = f"""
import json
before = set(sys.modules)
import prefect_results
print(json.dumps([name for name in {HEAVY!r} if name in set(sys.modules) - before]))
"""
    assert json.loads(run_python(code)) == []


def test_a_flow_runs_without_any_optional_dependency() -> None:
    """Flows, checkpoints and the wire need only what the package itself requires."""
    code = """
import tempfile
from prefect_results import Flow, context, task
from prefect_results.results import LocalResult
from prefect_results.states import State
@task(result=LocalResult(dir=tempfile.mkdtemp()))
def double(x):
    return 2 * x
with Flow("plain") as flow:
    doubled = double.map([1, 2, 3])
with context(checkpointing=True):
    state = flow.run()
child = state.result[doubled].map_states[2]
print(State.deserialize(child.serialize()).load_result().result)
"""
    assert run_python(code, blocked=optional_packages()).splitlines()[-1] == "6"


@pytest.mark.parametrize(
    ("code", "package", "extra"),
    [
        (
            "from prefect_results.serializers import PandasSerializer as S; S('csv').serialize(1)",
            "pandas",
            "pandas",
        ),
        ("from prefect_results import Flow; Flow('f').visualize()", "graphviz", "viz"),
        (
            "from prefect_results.results import FSSpecResult as R; R('memory://x').write(1)",
            "fsspec",
            "fsspec",
        ),
    ],
)
def test_a_missing_optional_dependency_names_its_extra(code: str, package: str, extra: str) -> None:
    """Whoever lacks a package is told the command that installs it."""
    attempt = f"""
try:
    {code}
except ImportError as exc:
    print(exc)
"""
    assert f"prefect_results[{extra}]" in run_python(attempt, blocked=(package,))
