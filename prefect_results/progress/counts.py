"""How many task runs of each task are under way, done and failed."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

from prefect_results.context import context as ambient
from prefect_results.states import Mapped, Running

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from prefect_results.states import State


class TaskCount:
    """The task runs of one task.

    Args:
        name: what the task is called.
        clock: gives seconds.

    Attributes:
        total: how many there will be; 1 of a task that is not mapped, `None` until it is known.
        running: how many were started, or handed to an executor, and are not finished.
        done: how many finished without failing.
        failed: how many failed.
    """

    def __init__(self, name: str, clock: Callable[[], float] = time.monotonic) -> None:
        self.name = name
        self.total: int | None = 1
        self.running = 0
        self.done = 0
        self.failed = 0
        self._clock = clock
        self._began: float | None = None
        self._ended: float | None = None
        # Seconds in which something ran: a wait for a retry tells nothing about how long runs take.
        self._busy = 0.0
        self._busy_since: float | None = None

    @property
    def finished(self) -> int:
        """How many are done or failed."""
        return self.done + self.failed

    @property
    def is_over(self) -> bool:
        """Whether all have finished."""
        return self.total is not None and self.finished >= self.total

    @property
    def has_begun(self) -> bool:
        """Whether one was started or handed over."""
        return self._began is not None

    def elapsed(self) -> float:
        """Seconds since the first one began, until the last one finished."""
        if self._began is None:
            return 0.0
        return (self._clock() if self._ended is None else self._ended) - self._began

    def left(self) -> float | None:
        """About how many seconds the others will take, as fast as those before; None if unknown."""
        if self.total is None or not self.finished:
            return None
        return self._seconds_busy() * max(0, self.total - self.finished) / self.finished

    def _seconds_busy(self) -> float:
        now = 0.0 if self._busy_since is None else self._clock() - self._busy_since
        return self._busy + now or self.elapsed()

    def start(self, count: int) -> None:
        """Note that some began."""
        if self._began is None:
            self._began = self._clock()
        self._ended = None
        self._run(self.running + count)

    def put_off(self) -> None:
        """Note that one that was started waits again."""
        self._run(self.running - 1)

    def _run(self, count: int) -> None:
        """Have so many run from now on."""
        self.running = max(0, count)
        if self.running and self._busy_since is None:
            self._busy_since = self._clock()
        elif not self.running and self._busy_since is not None:
            self._busy += self._clock() - self._busy_since
            self._busy_since = None

    def finish(self, done: int, failed: int) -> None:
        """Note that some finished."""
        if self._began is None:
            self._began = self._clock()
        self._run(self.running - done - failed)
        self.done += done
        self.failed += failed
        if self.is_over:
            self._ended = self._clock()


class Counts:
    """The counts of a flow run; hears of states as a listener of the engine does.

    Args:
        names: what each task is called, by slug, in order.
        listener: another listener that is told everything too.
        clock: gives seconds.

    Attributes:
        tasks: the count of each task by slug.
    """

    def __init__(
        self,
        names: Mapping[str, str],
        listener: Any = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.tasks = {slug: TaskCount(name, clock) for slug, name in names.items()}
        self._listener = listener
        self._running: dict[str, set[int | None]] = {slug: set() for slug in names}
        self._ended: dict[str, set[int | None]] = {slug: set() for slug in names}
        self._settled: set[str] = set()
        self._clock = clock
        self._began = clock()
        self._lock = threading.Lock()

    def elapsed(self) -> float:
        """Seconds since the counting began."""
        return self._clock() - self._began

    def task_run_changed(self, task: Any, map_index: int | None, state: State) -> None:
        """Hear of a new state of a task run; see `engine.listening.StateListener`."""
        if self._listener is not None:
            self._listener.task_run_changed(task, map_index, state)
        slug = ambient.current().get("task_slug") or task.slug
        with self._lock:
            self._hear(slug, map_index, state)

    def task_run_id(self, task_slug: str, map_index: int | None) -> Any:
        """The id that a task run finds in its context: the other listener's, if there is one."""
        if self._listener is not None:
            return self._listener.task_run_id(task_slug, map_index)
        return ambient.current().get("task_run_id")

    def flush(self) -> None:
        """Have the other listener keep what it heard."""
        if self._listener is not None:
            self._listener.flush()

    def expect(self, slug: str, total: int | None) -> None:
        """Note how many children a mapped task has; None if that is not known yet."""
        with self._lock:
            self.tasks[slug].total = total

    def hand_over(self, slug: str, count: int) -> None:
        """Note that task runs were handed to an executor."""
        with self._lock:
            self.tasks[slug].start(count)

    def count(self, slug: str, done: int, failed: int) -> None:
        """Note that task runs finished elsewhere."""
        with self._lock:
            if slug not in self._settled:
                self.tasks[slug].finish(done, failed)

    def settle(self, slug: str, done: int, failed: int, total: int) -> None:
        """Note how a task's runs ended, whatever was counted before."""
        with self._lock:
            self._settled.add(slug)
            task = self.tasks[slug]
            task.total = total
            if done != task.done or failed != task.failed:
                task.done = task.failed = 0
                task.finish(done, failed)
            task.running = 0

    def _hear(self, slug: str, index: int | None, state: State) -> None:
        task = self.tasks.get(slug)
        if task is None:
            return
        if isinstance(state, Mapped):
            task.total = state.n_map_states or None
        elif type(state) is Running:
            if index not in self._running[slug]:
                self._running[slug].add(index)
                task.start(1)
        elif state.is_finished() and not state.is_looped():
            if index not in self._ended[slug]:
                self._ended[slug].add(index)
                self._running[slug].discard(index)
                task.finish(*((0, 1) if state.is_failed() else (1, 0)))
        elif index in self._running[slug]:
            self._running[slug].discard(index)
            task.put_off()

    def __reduce__(self) -> Any:
        # In another process nobody looks at the counts.
        return (_other, (self._listener,)) if self._listener is not None else (Counts, ({},))


def _other(listener: Any) -> Any:
    return listener
