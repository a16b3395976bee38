"""`DaskExecutor`: task runs on a dask.distributed cluster, temporary or there already."""

from __future__ import annotations

import contextlib
import importlib
from typing import TYPE_CHECKING, Any

from prefect_results.context import context as ambient
from prefect_results.exceptions import MissingExtra
from prefect_results.executors.base import Executor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

RESOURCE_TAG = "dask-resource:"


class DaskExecutor(Executor):
    """Run tasks on a dask.distributed cluster; the signature is Prefect 1.4.1's.

    Without an address a temporary cluster is made for each flow run. A tag of the form
    `dask-resource:KEY=NUMBER` makes a task run where that much of a resource is free.

    Args:
        address: address of a running scheduler; by default `engine.executor.dask.address` of
            the configuration.
        cluster_class: class of a temporary cluster, or its dotted name; by default
            `engine.executor.dask.cluster_class`.
        cluster_kwargs: its arguments.
        adapt_kwargs: arguments of its `adapt`; without any the cluster keeps its size.
        client_kwargs: arguments of `distributed.Client`.
        debug: whether a local cluster logs more; by default `debug` of the configuration.
        performance_report_path: where to write Dask's performance report.
        disable_cancellation_event: not to cancel what runs when the flow run is broken off.
        watch_worker_status: whether to log when workers come and go; by default only if the
            cluster does not adapt.

    Attributes:
        client: the client, while a run lasts.

    Raises:
        ValueError: if both an address and a cluster are given.
    """

    supports_sharing = True
    supports_batches = True

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
        settings = ambient.config.engine.executor.dask
        address = address or settings.address or None
        if address is not None and (cluster_class is not None or cluster_kwargs is not None):
            raise ValueError("Cannot specify `address` and `cluster_class`/`cluster_kwargs`")
        if address is None:
            cluster_class = _imported(cluster_class or settings.cluster_class)
        self.address = address
        self.cluster_class = cluster_class
        self.cluster_kwargs = dict(cluster_kwargs or {})
        self.adapt_kwargs = dict(adapt_kwargs or {})
        self.client_kwargs = {"set_as_default": False, **(client_kwargs or {})}
        self.debug = ambient.config.debug if debug is None else debug
        self.performance_report_path = performance_report_path
        self.disable_cancellation_event = disable_cancellation_event
        self.watch_worker_status = watch_worker_status
        self.client: Any = None
        self._futures: Any = None
        super().__init__()

    @contextlib.contextmanager
    def start(self) -> Iterator[None]:
        """Connect to the cluster, or make one, for one flow run.

        Raises:
            MissingExtra: if dask.distributed is not installed.
        """
        distributed = _distributed()
        import weakref

        with contextlib.ExitStack() as stack:
            if self.address is not None:
                self.logger.info("Connecting to an existing Dask cluster at %s", self.address)
                target = self.address
            else:
                target = stack.enter_context(self._cluster())
            self.client = stack.enter_context(distributed.Client(target, **self.client_kwargs))
            self._futures = weakref.WeakSet()
            if self.performance_report_path:
                with self.client.as_current():
                    stack.enter_context(
                        distributed.performance_report(self.performance_report_path)
                    )
            try:
                yield
            except BaseException:
                self._cancel()
                raise
            finally:
                self._futures = None
                self.client = None

    def _cluster(self) -> Any:
        import logging

        make = self.cluster_class
        assert callable(make)
        kwargs = dict(self.cluster_kwargs)
        name = f"{make.__module__}.{getattr(make, '__qualname__', make)}"
        if name == "distributed.deploy.local.LocalCluster":
            level = logging.WARNING if self.debug else logging.CRITICAL
            kwargs.setdefault("silence_logs", level)
            kwargs.setdefault("dashboard_address", None)
        self.logger.info("Creating a new Dask cluster with `%s`...", name)
        cluster = make(**kwargs)
        if self.adapt_kwargs:
            cluster.adapt(**self.adapt_kwargs)
        return cluster

    def _cancel(self) -> None:
        """Cancel what was submitted and is not done."""
        if self.disable_cancellation_event:
            return
        pending = [future for future in self._futures if not future.done()]
        if pending:
            self.logger.info("Cancelling %d task runs that are not finished...", len(pending))
            with contextlib.suppress(Exception):
                self.client.cancel(pending, force=True)

    def submit(
        self,
        fn: Callable[..., Any],
        *args: Any,
        extra_context: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> Any:
        """Submit the call `fn(*args, **kwargs)` to the cluster; see `Executor.submit`.

        Raises:
            ValueError: if the executor is not started.
        """
        if self.client is None:
            raise ValueError("This executor has not been started.")
        options = _options(extra_context or {})
        future = self.client.submit(fn, *args, **options, **kwargs)
        self._futures.add(future)
        return future

    def wait(self, futures: Any) -> Any:
        """Resolve futures, also inside lists and dictionaries; see `Executor.wait`.

        Raises:
            ValueError: if the executor is not started.
        """
        if self.client is None:
            raise ValueError("This executor has not been started.")
        return self.client.gather(futures)

    def share(self, value: Any) -> Any:
        """Send an object to the workers once; see `Executor.share`."""
        return self.client.scatter(value, broadcast=True, hash=False)

    def parallelism(self) -> int:
        """How many threads the workers of the cluster have."""
        return max(1, sum(map(int, self.client.nthreads().values())))

    def first_done(self, futures: Sequence[Any], timeout: float) -> list[Any]:
        """Wait until one of some futures is done; see `Executor.first_done`."""
        distributed = _distributed()
        try:
            with self.client.as_current():
                done = distributed.wait(futures, timeout, return_when="FIRST_COMPLETED").done
        except distributed.TimeoutError:
            return []
        return [future for future in futures if future in done]

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "client": None, "_futures": None}

    @property
    def performance_report(self) -> str:
        """The text of Dask's performance report; empty, with a warning, if there is none."""
        if self.performance_report_path is None:
            self.logger.warning("Executor was not configured to generate performance report")
            return ""
        self.logger.debug(
            f"Retreiving dask performance report from {self.performance_report_path!r}"
        )
        try:
            with open(self.performance_report_path, encoding="utf-8") as file:
                return file.read()
        except OSError as exc:
            self.logger.error(f"Failed to get dask performance report with exception {exc}")
            return ""


def _options(extra: Mapping[str, Any]) -> dict[str, Any]:
    """Options of `Client.submit` that follow from what is known about a call."""
    import uuid

    options: dict[str, Any] = {"pure": False}
    name = extra.get("task_name")
    if name:
        index = extra.get("task_index")
        label = name if index is None else f"{name}-{index}"
        options["key"] = f"{label}-{uuid.uuid4().hex}"
    if "task_number" in extra:
        # Later tasks first, so that a child goes on before its siblings start.
        options["priority"] = extra["task_number"]
    resources = _resources(extra.get("task_tags") or ())
    if resources:
        options["resources"] = resources
    return options


def _resources(tags: Any) -> dict[str, float]:
    found = {}
    for tag in tags:
        if tag.startswith(RESOURCE_TAG):
            key, equals, number = tag[len(RESOURCE_TAG) :].partition("=")
            if equals:
                found[key] = float(number)
    return found


def _imported(name: Any) -> Any:
    """The object that a dotted name stands for."""
    if not isinstance(name, str):
        return name
    _distributed()
    module, _, attribute = name.rpartition(".")
    return getattr(importlib.import_module(module), attribute)


def _distributed() -> Any:
    try:
        return importlib.import_module("distributed")
    except ImportError as exc:
        raise MissingExtra(package="distributed", extra="dask") from exc
