"""Kill a recorded run at random instants and go on with it: `python -m benchmarks.kills [N]`.

A flow with 300 mapped, checkpointed children is recorded by a process of its own, which gets
SIGKILL at a random instant; the next process resumes the run, until it is finished; then the next
run begins. Prints how often a task run was lost, torn, or run again although the store said that
it had succeeded.
"""

from __future__ import annotations

import argparse
import collections
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from prefect_results import State
from prefect_results.backend.store import open_store

CHILDREN = 300
FLOW = f"""
import os, sys, time
import prefect_results
from prefect_results import Flow, task
from prefect_results.results import LocalResult

folder, options = sys.argv[1], eval(sys.argv[2])

@task
def numbers():
    return list(range({CHILDREN}))

@task(result=LocalResult(dir=folder + "/values", location="{{map_index}}.pickle"))
def work(x):
    with open(folder + "/calls", "a") as calls:
        calls.write(f"{{x}}\\n")
    time.sleep(0.002)
    return [x] * 100

@task
def total(xs):
    return sum(map(sum, xs))

with Flow("kills") as flow:
    last = total(work.map(numbers()))

open(folder + "/started", "w").close()
with prefect_results.context(checkpointing=True):
    state = flow.run(store=folder + "/runs.db", **options)
assert state.is_successful(), state
"""


def main() -> int:
    """Returns 1 when anything was lost, torn or repeated."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.kills", description=__doc__)
    parser.add_argument("kills", nargs="?", type=int, default=200, help="how many kills")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    figures: collections.Counter[str] = collections.Counter()
    started = time.perf_counter()
    while figures["kills"] < options.kills:
        with tempfile.TemporaryDirectory() as folder:
            one_run(Path(folder), chance, figures, options.kills)
        print(f"  {figures['kills']} kills, {figures['runs']} runs finished", end="\r", flush=True)
    bad = {name: figures[name] for name in ("lost", "torn", "repeated")}
    print(
        f"{figures['kills']} kills of {figures['runs']} runs with {CHILDREN} children each, "
        f"{figures['calls']} calls, of which {figures['under way']} were under way at a kill\n"
        + ", ".join(f"{name}: {count}" for name, count in bad.items())
        + f" ({time.perf_counter() - started:.0f} s)"
    )
    return int(any(bad.values()))


def one_run(
    folder: Path, chance: random.Random, figures: collections.Counter[str], most: int
) -> None:
    """Record one run, killed again and again, and check what it left."""
    script, calls = folder / "flow.py", folder / "calls"
    script.write_text(FLOW)
    calls.touch()
    options: dict[str, object] = {"record": True}
    finished: set[str] = set()
    while True:
        before = len(calls.read_text().split())
        done = run_until_killed(script, folder, options, chance, figures["kills"] < most)
        ran = calls.read_text().split()[before:]
        figures["calls"] += len(ran)
        figures["repeated"] += len(finished.intersection(ran))
        store = open_store(folder / "runs.db")
        runs = store.list_flow_runs().items
        if runs:
            options = {"resume": runs[0].id}
            rows = store.list_task_runs(
                runs[0].id, task_slug="work-1", children=True, limit=10 * CHILDREN
            ).items
            finished = {str(row.map_index) for row in rows if row.state == "Success"}
            figures["torn"] += sum(not readable(row) for row in rows if row.state == "Success")
            figures["under way"] += len(set(ran) - finished) if not done else 0
        store.close()
        if done:
            figures["lost"] += CHILDREN - len(finished)
            figures["runs"] += 1
            return
        figures["kills"] += 1


def run_until_killed(
    script: Path, folder: Path, options: dict[str, object], chance: random.Random, kill: bool
) -> bool:
    """Run the flow in a process; whether it came to its end."""
    began = folder / "started"
    began.unlink(missing_ok=True)
    environment = {**os.environ, "PREFECT__LOGGING__LEVEL": "ERROR"}
    environment["PYTHONPATH"] = os.getcwd()
    process = subprocess.Popen(
        [sys.executable, str(script), str(folder), repr(options)], env=environment
    )
    if kill:
        # Most kills are to hit the children; the others whatever comes before and behind them.
        calls, size = folder / "calls", (folder / "calls").stat().st_size
        amid_children = chance.random() < 0.8
        while process.poll() is None and not (
            calls.stat().st_size > size if amid_children else began.exists()
        ):
            time.sleep(0.001)
        try:
            process.wait(chance.uniform(0.0, 0.5 if amid_children else 1.5))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
    code = process.wait()
    if code not in (0, -signal.SIGKILL):
        raise SystemExit(f"the flow failed with exit code {code}")
    return code == 0


def readable(row: object) -> bool:
    """Whether the value of a finished child is whole."""
    state = State.deserialize(row.serialized_state).load_result()  # type: ignore[attr-defined]
    return bool(state.result == [row.map_index] * 100)  # type: ignore[attr-defined]


if __name__ == "__main__":
    raise SystemExit(main())
