"""Submissions that have to wait on the way, and keep only the tasks behind them waiting."""

from __future__ import annotations

import itertools
import time
from collections.abc import Generator
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import TypeAlias

    from prefect_results.core import Flow, Task
    from prefect_results.executors.base import Executor


class Wait(NamedTuple):
    """What a submission waits for before it goes on.

    Args:
        futures: of the executor.
        until: the time (`time.monotonic`) after which it goes on all the same; None for never.
        for_all: whether it waits for all of them; otherwise for the first.
    """

    futures: Sequence[Any]
    until: float | None = None
    for_all: bool = True

    def is_over(self) -> bool:
        """Whether what is waited for is there, or the time is over."""
        if self.until is not None and time.monotonic() >= self.until:
            return True
        done = (future.done() for future in self.futures)
        return all(done) if self.for_all else any(done)


# The steps of a submission, between which it waits.
Steps = Generator[Wait, None, None]
Active: TypeAlias = "dict[Task, tuple[Steps, Wait]]"


def submit_as_ready(
    tasks: list[tuple[int, Task]],
    submit: Callable[[Task, int], Steps | None],
    flow: Flow,
    executor: Executor,
) -> None:
    """Submit tasks in order, each once those that it depends on are submitted.

    Args:
        tasks: in an order in which they can run, each with its number.
        submit: submits a task; gives the steps, where that takes some.
        flow: has the tasks.
        executor: of the futures that are waited for.
    """
    active: Active = {}
    while tasks or active:
        tasks = _submit_ready(tasks, active, submit, flow)
        if active and not _go_on(active):
            _wait(active, executor)


def _submit_ready(
    tasks: list[tuple[int, Task]],
    active: Active,
    submit: Callable[[Task, int], Steps | None],
    flow: Flow,
) -> list[tuple[int, Task]]:
    """Submit the tasks that come behind none that has to wait; return the others."""
    late = []
    blocked = set(active)
    for number, task in tasks:
        if not blocked.isdisjoint(edge.upstream_task for edge in flow.edges_to(task)):
            late.append((number, task))
            blocked.add(task)
            continue
        steps = submit(task, number)
        if steps is not None and (wait := next(steps, None)) is not None:
            active[task] = (steps, wait)
            blocked.add(task)
    return late


def _go_on(active: Active) -> bool:
    """Go on with those that have what they wait for; whether there was one."""
    went_on = False
    for task, (steps, first) in list(active.items()):
        wait: Wait | None = first
        while wait is not None and wait.is_over():
            went_on = True
            wait = next(steps, None)
        if wait is None:
            del active[task]
        else:
            active[task] = (steps, wait)
    return went_on


def _wait(active: Active, executor: Executor) -> None:
    """Wait until one may go on."""
    watched: list[Any] = []
    until = None
    for _, wait in active.values():
        open_ = (future for future in wait.futures if not future.done())
        # Of those that wait for all, one will do until it is done.
        watched += itertools.islice(open_, 1) if wait.for_all else open_
        if wait.until is not None:
            until = wait.until if until is None else min(until, wait.until)
    executor.first_done(watched, None if until is None else max(0.0, until - time.monotonic()))
