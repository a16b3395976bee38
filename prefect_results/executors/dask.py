"""The Dask executors by name: what a flow file configures; their execution is not there yet."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from prefect_results.executors.base import Executor

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SCHEDULERS = {
    "threads": "threads",
    "threading": "threads",
    "processes": "processes",
    "multiprocessing": "processes",
    "sync": "synchronous",
    "synchronous": "synchronous",
    "single-threaded": "synchronous",
}


class _Configured(Executor):
    """An executor that keeps its configuration and says that it cannot run yet."""

    def start(self) -> contextlib.AbstractContextManager[None]:  # type: ignore[override]
        """Refuse to run.

        Raises:
            NotImplementedError: always; run the flow on a `LocalExecutor` for now.
        """
        raise NotImplementedError(
            f"{type(self).__name__} cannot run flows in this release; use "
            "`flow.run(executor=LocalExecutor())`."
        )


class LocalDaskExecutor(_Configured):
    """Threads or processes of this machine, with the signature of Prefect 1.4.1.

    Args:
        scheduler: `threads` (the default), `processes` or `sync`.
        **kwargs: configuration of Dask, `num_workers` for example.

    Raises:
        ValueError: if the scheduler is unknown.
    """

    def __init__(self, scheduler: str = "threads", **kwargs: Any) -> None:
        try:
            self.scheduler = SCHEDULERS[scheduler.lower()]
        except KeyError:
            raise ValueError(f"Unknown scheduler {scheduler.lower()!r}") from None
        self.dask_config = kwargs
        super().__init__()


class DaskExecutor(_Configured):
    """A dask.distributed cluster, with the signature of Prefect 1.4.1.

    Args:
        address: address of a running scheduler.
        cluster_class: class of a temporary cluster, or its dotted name.
        cluster_kwargs: its arguments.
        adapt_kwargs: arguments of its `adapt`.
        client_kwargs: arguments of the client.
        debug: whether a local cluster logs more.
        performance_report_path: where to write Dask's report.
        disable_cancellation_event: not to ask for cancellation before each task.
        watch_worker_status: whether to log when workers come and go.

    Raises:
        ValueError: if both an address and a cluster are given.
    """

    def __init__(
        self,
        address: str | None = None,
        cluster_class: str | Callable[..., Any] | None = None,
        cluster_kwargs: Mapping[str, Any] | None = None,
        adapt_kwargs: Mapping[str, Any] | None = None,
        client_kwargs: Mapping[str, Any] | None = None,
        debug: bool | None = None,
        performance_report_path: str | None = None,
        disable_cancellation_event: bool = False,
        watch_worker_status: bool | None = None,
    ) -> None:
        if address is not None and (cluster_class is not None or cluster_kwargs is not None):
            raise ValueError("Cannot specify `address` and `cluster_class`/`cluster_kwargs`")
        self.address = address
        self.cluster_class = cluster_class
        self.cluster_kwargs = dict(cluster_kwargs or {})
        self.adapt_kwargs = dict(adapt_kwargs or {})
        self.client_kwargs = {"set_as_default": False, **(client_kwargs or {})}
        self.debug = debug
        self.performance_report_path = performance_report_path
        self.disable_cancellation_event = disable_cancellation_event
        self.watch_worker_status = watch_worker_status
        super().__init__()
