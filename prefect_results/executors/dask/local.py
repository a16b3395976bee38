"""`LocalDaskExecutor`: task runs in the threads, or processes, of this machine.

The name and the signature are Prefect 1.4.1's; a pool of the standard library does the work.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from prefect_results.executors.base import Executor, ending_on_sigterm

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from prefect_results.executors.base import Journal

SCHEDULERS = {
    "threads": "threads",
    "threading": "threads",
    "processes": "processes",
    "multiprocessing": "processes",
    "sync": "synchronous",
    "synchronous": "synchronous",
    "single-threaded": "synchronous",
}


class LocalDaskExecutor(Executor):
    """Run tasks in several threads or processes of this machine.

    Args:
        scheduler: `threads` (the default), `processes` or `sync`.
        **kwargs: settings that Dask knows; `num_workers` (as many as there are cores by default)
            is used here.

    Raises:
        ValueError: if the scheduler is unknown.
    """

    def __init__(self, scheduler: str = "threads", **kwargs: Any) -> None:
        self.scheduler = self._normalize_scheduler(scheduler)
        self.dask_config = kwargs
        self._pool: Any = None
        super().__init__()

    @staticmethod
    def _normalize_scheduler(scheduler: str) -> str:
        try:
            return SCHEDULERS[scheduler.lower()]
        except KeyError:
            raise ValueError(f"Unknown scheduler {scheduler.lower()!r}") from None

    @property
    def supports_sharing(self) -> bool:  # type: ignore[override]
        """Processes get what many calls need once."""
        return self.scheduler != "synchronous"

    supports_batches = supports_sharing

    @property
    def uses_processes(self) -> bool:  # type: ignore[override]
        """Whether calls are made in other processes."""
        return self.scheduler == "processes"

    @contextlib.contextmanager
    def start(self) -> Iterator[None]:
        """Hold the pool for one flow run."""
        from prefect_results.executors.dask.pool import Pool

        if self.scheduler == "synchronous":
            with ending_on_sigterm():
                yield
            return
        with ending_on_sigterm():
            self._pool = pool = Pool(self.scheduler, self.dask_config.get("num_workers"))
            try:
                yield
                pool.close()
            except BaseException:
                self.logger.info("Attempting to interrupt and cancel all running tasks...")
                pool.cancel()
                raise
            finally:
                self._pool = None

    def submit(
        self,
        fn: Callable[..., Any],
        *args: Any,
        extra_context: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> Any:
        """Submit the call `fn(*args, **kwargs)` to the pool; see `Executor.submit`.

        Raises:
            ValueError: if the executor is not started.
        """
        if self.scheduler == "synchronous":
            return fn(*args, **kwargs)
        extra = extra_context or {}
        label = f"Task '{extra['task_name']}'" if extra.get("task_name") else ""
        priority, instead = extra.get("task_number", 0), extra.get("instead")
        return self._started().submit(fn, args, kwargs, priority, label, instead)

    def wait(self, futures: Any) -> Any:
        """Resolve futures, also inside lists and dictionaries; see `Executor.wait`."""
        if self.scheduler == "synchronous":
            return futures
        return self._started().wait(futures)

    def share(self, value: Any) -> Any:
        """Send an object to the processes once; see `Executor.share`."""
        return self._started().share(value)

    def parallelism(self) -> int:
        """How many threads or processes there are."""
        workers: int = self._started().workers
        return workers

    def first_done(self, futures: Sequence[Any], timeout: float | None = None) -> list[Any]:
        """Wait until one of some futures is done; see `Executor.first_done`."""
        done: list[Any] = self._started().first_done(futures, timeout)
        return done

    def journal(self) -> Journal | None:
        """Where processes note what they have finished; see `Executor.journal`."""
        from prefect_results.executors.dask.shared import FileJournal

        folder = self._started().folder
        return None if folder is None else FileJournal(folder)

    def _started(self) -> Any:
        if self._pool is None:
            raise ValueError("This executor has not been started.")
        return self._pool

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_pool": None}
