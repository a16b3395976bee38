"""The dispatch of a flow run whose progress is shown: it tells what it submits.

Where tasks run in this process, the counts hear of each state as any listener does. Where they run
in others, each state or batch of states is counted where it is, by a small call of its own.
"""

from __future__ import annotations

import contextlib
import threading
import uuid
from functools import partial
from typing import TYPE_CHECKING, Any

from prefect_results.context import context as ambient
from prefect_results.core.conversion import is_constant_task
from prefect_results.engine.batches import Batch
from prefect_results.engine.child_states import States
from prefect_results.engine.dispatch import Dispatch
from prefect_results.engine.future_batches import counted_parts
from prefect_results.engine.listening import LISTENER
from prefect_results.progress import Counts, Showing, showing
from prefect_results.states import Mapped, State

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from prefect_results.core import Flow, Task
    from prefect_results.engine.environment import Job
    from prefect_results.engine.waiting import Steps
    from prefect_results.executors.base import Executor

# Calls that count go before all others.
_FIRST = 1_000_000


@contextlib.contextmanager
def shown_progress(flow: Flow, executor: Executor) -> Iterator[Callable[..., Dispatch]]:
    """Show the progress of a flow run inside the block, as the setting `flows.progress` says.

    Args:
        flow: the flow.
        executor: runs the tasks.

    Yields:
        What makes the dispatch of the run.
    """
    context = ambient.current()
    shown = showing(lambda: Counts(_names(flow), context.get(LISTENER)))
    if shown is None:
        yield Dispatch
        return
    # Counts do not travel.
    heard = {} if executor.uses_processes else {LISTENER: shown.counts}
    with ambient(heard), shown:
        yield partial(WatchedDispatch, shown)


def _names(flow: Flow) -> dict[str, str]:
    tasks = [task for task in flow.sorted_tasks() if not is_constant_task(task)]
    names = [task.name for task in tasks]
    return {
        flow.slugs[task]: task.name if names.count(task.name) == 1 else flow.slugs[task]
        for task in tasks
    }


class WatchedDispatch(Dispatch):
    """A dispatch that keeps counts.

    Args:
        shown: shows the counts.
        **kwargs: see `Dispatch`.
    """

    def __init__(self, shown: Showing, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._counts = shown.counts
        # Of calls that count: the task, the future, how many states it counts if that is known.
        self._counted: list[tuple[str, Any, int | None]] = []
        self._lock = threading.Lock()
        shown.look = self._look

    def _submit(self, task: Task, number: int) -> Steps | None:
        steps = super()._submit(task, number)
        if steps is None and self._flow.slugs[task] in self._counts.tasks:
            self._watch(task, [(self.task_states.get(task), None)])
        return steps

    def _submit_mapped(self, job: Job, state: State | None, number: int) -> Steps:
        slug = self._flow.slugs[job.task]
        self._counts.expect(slug, None)
        yield from super()._submit_mapped(job, state, number)
        children = self.children.get(job.task)
        if children is None:
            self._counts.expect(slug, 1)
            return
        total = getattr(children, "total", None)
        if total is None and isinstance(children, list):
            total = len(children)
        self._counts.expect(slug, total)
        self._watch(job.task, counted_parts(children))

    def _watch(self, task: Task, parts: Sequence[tuple[Any, int | None]]) -> None:
        """Count futures of states, or of so many states each, once they are done."""
        slug, executor = self._flow.slugs[task], self._executor
        if not (executor.uses_processes and executor.supports_batches):
            return
        open_ = [(part, count or 1) for part, count in parts if not isinstance(part, State)]
        for part, _ in parts:
            if isinstance(part, State) and part.is_finished():
                self._counts.count(slug, *tally(part))
        if not open_:
            return
        self._counts.hand_over(slug, sum(count for _, count in open_))
        extra = {
            "task_name": f"count-{slug}",
            "task_group": uuid.uuid4().hex,
            "task_number": _FIRST,
        }
        futures = executor.submit_all(
            tally,
            [(future,) for future, _ in open_],
            [{**extra, "task_index": index} for index in range(len(open_))],
        )
        counted = [(slug, future, count) for future, (_, count) in zip(futures, open_, strict=True)]
        with self._lock:
            self._counted += counted

    def _look(self) -> None:
        """Count what has become done; called by the thread that shows the counts."""
        with self._lock:
            watched, self._counted = self._counted, []
        still = []
        for slug, future, count in watched:
            if not future.done():
                still.append((slug, future, count))
                continue
            try:
                done, failed = self._executor.wait(future)
            except Exception:
                done, failed = 0, count or 1
            self._counts.count(slug, done, failed)
        with self._lock:
            self._counted += still

    def final_states(self, tasks: set[Task]) -> dict[Task, State]:
        """Wait for the states of tasks; see `Dispatch.final_states`."""
        final = super().final_states(tasks)
        with self._lock:
            self._counted.clear()
        for task, state in final.items():
            slug = self._flow.slugs.get(task)
            if slug in self._counts.tasks:
                states = state.map_states if isinstance(state, Mapped) else [state]
                self._counts.settle(slug, *tally(states), len(states))
        return final


def tally(states: Any) -> tuple[int, int]:
    """How many of some states, or of one, are finished without having failed, and have failed."""
    if isinstance(states, State):
        states = [states]
    if isinstance(states, States):
        parts = [tally(batch) for batch in states.batches]
        return sum(done for done, _ in parts), sum(failed for _, failed in parts)
    if isinstance(states, Batch):
        done, failed = tally(list(states.others.values()))
        return len(states) - len(states.others) + done, failed
    failed = sum(state.is_failed() for state in states)
    return sum(state.is_finished() for state in states) - failed, failed
