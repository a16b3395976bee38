"""Run the penguins flow, hand its final states to a second process as JSON, and run it again.

`make demo` runs this. Everything it writes goes to a temporary folder.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

WIDTH = 44


def main() -> None:
    """Show a first run, a second process that reads its values, and a second run."""
    with tempfile.TemporaryDirectory(prefix="penguins-") as folder:
        os.environ["PREFECT__HOME_DIR"] = folder
        os.environ["PREFECT__FLOWS__CHECKPOINTING"] = "true"
        os.environ["PREFECT__LOGGING__LEVEL"] = "CRITICAL"
        from penguins import make_flow

        flow = make_flow(Path(folder) / "results")
        stopwatch = Stopwatch(flow)

        title("First run")
        state, seconds = stopwatch.run()
        print_states(flow, state, stopwatch)
        print(f"{state!r} in {seconds:.2f} s")

        title("Its states, as JSON, in a second process")
        payload = json.dumps(as_json(flow, state), indent=1)
        files = sorted(p for p in Path(folder).rglob("*.json") if p.is_file())
        print(f"{len(payload):,} characters; files: {', '.join(p.name for p in files)}")
        sys.stdout.flush()
        subprocess.run(
            [sys.executable, __file__, "read-back"], input=payload, text=True, check=True
        )

        title("Second run")
        computed = {slug for slug, _ in stopwatch.seconds}
        state, seconds = stopwatch.run()
        print_states(flow, state, stopwatch)
        print(f"{state!r} in {seconds:.2f} s")
        spared = sorted(computed - {slug for slug, _ in stopwatch.seconds})
        print(f"not computed again: {', '.join(spared)}")
        by_slug = {flow.slugs[task]: final for task, final in state.result.items()}
        print(f"heaviest-1 says why: {by_slug['heaviest-1'].message}")


class Stopwatch:
    """Measures how long each task run's `run()` takes, by watching its changes of state."""

    def __init__(self, flow) -> None:
        self.flow = flow
        self.seconds: dict[tuple[str, int | None], float] = {}
        self.runs: dict[str, int] = {}
        self._since: dict[tuple[str, int | None], float] = {}
        for task in flow.tasks:
            task.state_handlers.append(self._handle)

    def run(self):
        """Run the flow; returns its final state and the seconds it took."""
        self.seconds, self.runs = {}, {}
        started = time.perf_counter()
        return self.flow.run(), time.perf_counter() - started

    def _handle(self, task, old, new):
        from prefect_results import context

        key = (self.flow.slugs[task], context.get("map_index"))
        if new.is_running():
            self._since[key] = time.perf_counter()
            self.runs[key[0]] = self.runs.get(key[0], 0) + 1
        elif old.is_running() and not new.is_mapped():
            spent = time.perf_counter() - self._since.pop(key)
            self.seconds[key] = self.seconds.get(key, 0.0) + spent
        return new


def print_states(flow, state, stopwatch) -> None:
    """One line for each task: its state, how often and how long it ran, and its value."""
    print(f"{'task':22} {'state':10} {'runs':>5} {'ms':>8}  value")
    for task in flow.sorted_tasks():
        slug, final = flow.slugs[task], state.result[task]
        name, value = type(final).__name__, final.result
        if final.is_mapped():
            kinds = sorted({type(child).__name__ for child in final.map_states})
            name, value = "Mapped", f"{len(final.map_states)} x {'/'.join(kinds)}: {value!r}"
        spent = sum(s for (other, _), s in stopwatch.seconds.items() if other == slug)
        text = value if isinstance(value, str) else repr(value)
        text = text if len(text) <= WIDTH else text[: WIDTH - 3] + "..."
        runs = stopwatch.runs.get(slug, 0)
        print(f"{slug:22} {name:10} {runs:5} {spent * 1000:8.2f}  {text}")


def as_json(flow, state) -> dict:
    """The final states by slug; a mapped task's children as a list."""
    states = {flow.slugs[task]: final for task, final in state.result.items()}
    return {
        slug: [child.serialize() for child in final.map_states]
        if final.is_mapped()
        else final.serialize()
        for slug, final in states.items()
    }


def read_back() -> None:
    """The second process: load states from standard input, then ask them for their values."""
    from prefect_results.states import State

    loaded = 0
    for slug, payload in sorted(json.load(sys.stdin).items()):
        payloads = payload if isinstance(payload, list) else [payload]
        states = [State.deserialize(p) for p in payloads]
        values = [state.load_result().result for state in states]
        loaded += len(values)
        if slug.startswith(("describe", "heaviest")):
            where = states[0]._result.location
            print(f"{slug:12} {states[0]!r:32} {where}\n{'':12} -> {values[-1]!r}")
    print(f"process {os.getpid()} read {loaded} values")


def title(text: str) -> None:
    """A heading with a line under it."""
    print(f"\n{text}\n{'-' * len(text)}")


if __name__ == "__main__":
    read_back() if sys.argv[1:] == ["read-back"] else main()
