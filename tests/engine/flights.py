"""What tests of values that are computed once have in common."""

from __future__ import annotations

import datetime
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from prefect_results import Flow, Parameter, context, task
from prefect_results.core import Task

HOUR = datetime.timedelta(hours=1)
ONCE: dict[str, Any] = {"cache_isolation_level": "serializable"}


class Gate:
    """Lets a task go on when all who could run it are there, or wait."""

    def __init__(self) -> None:
        self.calls: list[Any] = []
        self.is_open = threading.Event()

    def __call__(self, value: Any) -> Any:
        """A call of the task."""
        self.calls.append(value)
        assert self.is_open.wait(60)
        return value


def flow_of(gate: Gate, **options: Any) -> tuple[Flow, Task]:
    """A flow of one task that calls a gate."""

    @task(name="work", **{**ONCE, **options})
    def work(x: int) -> Any:
        return gate(x)

    with Flow("f") as flow:
        value = work(Parameter("x", default=1))
    return flow, value


def run_at_once(flow: Flow, value: Task, gate: Gate, count: int = 4, **kwargs: Any) -> list[Any]:
    """Run a flow in several threads, and open the gate when one runs the task."""
    ambient = dict(context.current())

    def run(number: int) -> Any:
        with context(ambient):
            return flow.run(**kwargs).result[value]

    with ThreadPoolExecutor(count) as pool:
        runs = [pool.submit(run, number) for number in range(count)]
        gate.is_open.set()
        return [run.result() for run in runs]


def locks_in(folder: Path) -> list[str]:
    """What is left of locks in a folder."""
    return [name for name in os.listdir(folder) if name.startswith(".prefect-lock")]
