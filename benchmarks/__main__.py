"""Run the benchmarks and print one table for each: `python -m benchmarks [NAME ...]`."""

from __future__ import annotations

import argparse
import importlib
import inspect
import os
import sys
import time
from pathlib import Path

from benchmarks.report import Row, table
from benchmarks.workers import WorkloadFailed, environment_note
from tests.peers import PeerUnavailable


def names() -> list[str]:
    """The benchmarks there are: the modules `bench_NAME` of this folder with a `run`."""
    folder = Path(__file__).parent
    found = sorted(path.stem.removeprefix("bench_") for path in folder.glob("bench_*.py"))
    first = ["tasks", "wire", "arrays", "import"]
    return sorted(found, key=lambda name: first.index(name) if name in first else len(first))


def main() -> int:
    """Returns 1 when a target was missed and `--strict` was given, or a benchmark failed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which: {', '.join(names())}")
    parser.add_argument("--quick", action="store_true", help="smaller flows, fewer repetitions")
    parser.add_argument("--array-mb", type=int, default=512, help="size of the array, in MB")
    parser.add_argument("--strict", action="store_true", help="exit with 1 when a target is missed")
    parser.add_argument(
        "--clock",
        choices=("wall", "cpu"),
        default="wall",
        help="cpu: processor time, for a machine that is busy with other things",
    )
    options = parser.parse_args()
    os.environ["BENCH_CLOCK"] = options.clock
    unknown = sorted(set(options.names) - set(names()))
    if unknown:
        parser.error(f"no such benchmark: {', '.join(unknown)}; there are {', '.join(names())}")

    print(f"{environment_note()}, {options.clock} time")
    rows: list[Row] = []
    failed = False
    for name in options.names or names():
        module = importlib.import_module(f"benchmarks.bench_{name}")
        known = inspect.signature(module.run).parameters
        arguments = {k: v for k, v in vars(options).items() if k in known}
        started, these = time.perf_counter(), []
        print(f"\n{module.TITLE}\n", flush=True)
        try:
            for row in module.run(**arguments):
                these.append(row)
                # A benchmark that is broken off has told what it had found.
                print(f"  {table([row]).splitlines()[-1]}", file=sys.stderr, flush=True)
        except (WorkloadFailed, PeerUnavailable) as exc:
            failed = True
            print(f"failed: {exc}")
        print(table(these))
        print(f"\n({time.perf_counter() - started:.0f} s)", flush=True)
        rows += these
    judged = [row for row in rows if row.met is not None]
    missed = [row for row in judged if not row.met]
    print(f"\n{len(judged) - len(missed)} of {len(judged)} targets met")
    for row in missed:
        print(f"  MISS {row.name}: target {row.goal}{f' ({row.peer})' if row.peer else ''}")
    return int(failed or bool(options.strict and missed))


if __name__ == "__main__":
    raise SystemExit(main())
