"""`DaskExecutor`: task runs on a dask.distributed cluster, temporary or there already."""

from __future__ import annotations

import contextlib
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from prefect_results.context import context as ambient
from prefect_results.exceptions import ClusterUnavailable, MissingExtra
from prefect_results.executors.base import Executor, ending_on_sigterm
from prefect_results.executors.dask.cancelling import cancel
from prefect_results.executors.dask.imports import explained
from prefect_results.executors.dask.sealed import CallExited, Sealed, open_and_call, opened, sealed
from prefect_results.executors.dask.submission import options
from prefect_results.executors.dask.temporary import distributed, imported, is_local, new_cluster

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from prefect_results.executors.base import Journal


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
        disable_cancellation_event: not to cancel what waits, nor to wait for what runs, when the
            flow run is broken off.
        watch_worker_status: whether to log when workers come and go; by default only on a
            cluster that is there already.

    Attributes:
        client: the client, while a run lasts.

    Raises:
        ValueError: if both an address and a cluster are given.
    """

    supports_sharing = True
    supports_batches = True
    uses_processes = True

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
            cluster_class = imported(cluster_class or settings.cluster_class)
        self.address = address
        self.cluster_class = cluster_class
        self.cluster_kwargs = dict(cluster_kwargs or {})
        if is_local(cluster_class):
            verbose = ambient.config.debug if debug is None else debug
            # The levels WARNING and CRITICAL.
            self.cluster_kwargs.setdefault("silence_logs", 30 if verbose else 50)
        self.adapt_kwargs = dict(adapt_kwargs or {})
        self.client_kwargs = {"set_as_default": False, **(client_kwargs or {})}
        self.disable_cancellation_event = disable_cancellation_event
        self.watch_worker_status = watch_worker_status
        self.performance_report_path = performance_report_path
        self.client: Any = None
        self._suspects: Any = None
        # Of this run; another one, to the same scheduler, does not know its calls.
        self._connection: Any = None
        self._address = ""
        self._topics: str | None = None
        super().__init__()

    @contextlib.contextmanager
    def start(self) -> Iterator[None]:
        """Connect to the cluster, or make one, for one flow run.

        Raises:
            MissingExtra: if dask.distributed is not installed.
        """
        dask = distributed()
        from prefect_results.executors.dask.suspects import Suspects
        from prefect_results.executors.dask.unrunnable import UnrunnableWatch

        if self.performance_report_path and find_spec("bokeh") is None:
            # Dask would find out when the run is over, and fail it then.
            raise MissingExtra(package="bokeh", extra="dask-report")
        with contextlib.ExitStack() as stack:
            stack.enter_context(ending_on_sigterm())
            if self.address is not None:
                self.logger.info("Connecting to an existing Dask cluster at %s", self.address)
                target = self.address
            else:
                made = new_cluster(
                    self.cluster_class, self.cluster_kwargs, self.adapt_kwargs, self.logger
                )
                target = stack.enter_context(made)
            self.client = stack.enter_context(dask.Client(target, **self.client_kwargs))
            self._address = self.client.scheduler.address
            self._connection = self.client.scheduler_comm
            self._topics = None
            suspects = self._suspects = Suspects(self.client, f"run-{_unique()}", self.logger)
            stack.enter_context(self._watching())
            stack.enter_context(UnrunnableWatch(self.client, self.logger))
            if self.performance_report_path:
                # The report asks for the current client at its end too.
                stack.enter_context(self.client.as_current())
                report = dask.performance_report(self.performance_report_path)
                stack.enter_context(report)
            try:
                yield
            except BaseException:
                if not (self.disable_cancellation_event or self._is_lost()):
                    # What runs on a cluster that is made for the run ends with it.
                    waits = self.address is not None
                    cancel(self.client, list(suspects.futures), self.logger, waits)
                raise
            finally:
                outlives = self.address is not None and not self._is_lost()
                self._forget_topics(outlives)
                if outlives:
                    with contextlib.suppress(Exception):
                        suspects.forget()
                self._suspects = self._connection = self.client = None

    def _watching(self) -> Any:
        watches = self.watch_worker_status
        if watches is None:
            # A scheduler tells one listener only, and a cluster made here listens itself.
            watches = self.address is not None and not self.adapt_kwargs
        if not watches:
            return contextlib.nullcontext()
        from prefect_results.executors.dask.events import WorkerWatch

        return WorkerWatch(self.client, self.on_worker_status_changed)

    async def on_worker_status_changed(self, op: str, message: Any) -> None:
        """Hear that a worker came (`op` is `add`) or went (`remove`); for subclasses.

        Args:
            op: `add` or `remove`.
            message: what the scheduler says of it.
        """
        if op == "add":
            for worker in message.get("workers", ()):
                self.logger.debug("Worker %s added", worker)
        elif op == "remove":
            self.logger.debug("Worker %s removed", message)

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
            ClusterUnavailable: if the scheduler was lost.
        """
        client = self._started()
        found = options(extra_context or {})
        found.setdefault("key", f"{getattr(fn, '__name__', 'call')}-{_unique()}")
        call = sealed([_named(fn, extra_context), fn, *args], distributed().Future)
        kwargs = sealed(kwargs, distributed().Future)
        future = client.submit(open_and_call, *call, **found, **kwargs)
        self._suspects.add([future], (extra_context or {}).get("instead"))
        return future

    def submit_all(
        self,
        fn: Callable[..., Any],
        calls: Sequence[Sequence[Any]],
        extra_contexts: Sequence[dict[str, Any]],
    ) -> list[Any]:
        """Submit many calls in one message to the scheduler; see `Executor.submit_all`.

        Raises:
            ValueError: if the executor is not started.
            ClusterUnavailable: if the scheduler was lost.
        """
        client = self._started()
        found = [options(extra) for extra in extra_contexts]
        if len(calls) < 2 or not all("key" in each for each in found):
            return super().submit_all(fn, calls, extra_contexts)
        keys = [each.pop("key") for each in found]
        what = _named(fn, extra_contexts[0])
        each = [sealed([what, fn, *call], distributed().Future) for call in calls]
        columns = zip(*each, strict=True)
        futures: list[Any] = client.map(open_and_call, *columns, key=keys, **found[0])
        self._suspects.add(futures, extra_contexts[0].get("instead"))
        return futures

    def wait(self, futures: Any) -> Any:
        """Resolve futures, also inside lists and dictionaries; see `Executor.wait`.

        Raises:
            ValueError: if the executor is not started.
            ClusterUnavailable: if the scheduler was lost.
            DeserializationError: if a result cannot be unpickled here.
        """
        client = self._started()
        while True:
            try:
                found = client.gather(futures)
            except CallExited as exc:
                raise exc.exit from None
            except distributed().KilledWorker:
                if not self._suspects.retry():
                    raise
            except Exception as exc:
                self._started()
                said = explained(exc, self._address)
                if said is not None:
                    raise said from exc
                raise
            else:
                return opened(found)

    def share(self, value: Any) -> Any:
        """Send an object to the workers once; see `Executor.share`.

        The scheduler keeps it in pickled form, so that no worker's death loses it.
        """
        return self.client.submit(opened, Sealed(value), key=f"shared-{_unique()}", pure=False)

    def parallelism(self) -> int:
        """How many threads the workers of the cluster have."""
        return max(1, sum(map(int, self.client.nthreads().values())))

    def first_done(self, futures: Sequence[Any], timeout: float | None = None) -> list[Any]:
        """Wait until one of some futures is done; see `Executor.first_done`.

        Raises:
            ClusterUnavailable: if the scheduler was lost.
        """
        done = [future for future in futures if future.done()]
        if done:
            return done
        dask = distributed()
        try:
            with contextlib.suppress(dask.TimeoutError), self.client.as_current():
                dask.wait(futures, timeout, return_when="FIRST_COMPLETED")
        except Exception:
            # What failed because the cluster is gone says so.
            self._started()
            raise
        return [future for future in futures if future.done()]

    def journal(self) -> Journal:
        """A journal that the scheduler keeps; see `Executor.journal`."""
        from prefect_results.executors.dask.events import SchedulerJournal

        self._topics = self._topics or f"prefect_results-{_unique()}"
        return SchedulerJournal(self._topics)

    def _forget_topics(self, outlives: bool) -> None:
        if self._topics is None:
            return
        from prefect_results.executors.dask.events import forget_notes, forget_topics

        forget_notes(self._topics)
        if outlives:
            with contextlib.suppress(Exception):
                self.client.run_on_scheduler(forget_topics, prefix=self._topics)
                self.client.run(forget_notes, self._topics)

    def _is_lost(self) -> bool:
        """Whether the scheduler does not answer, or no more; it has then forgotten the run."""
        client = self.client
        return client.status != "running" or client.scheduler_comm is not self._connection

    def _started(self) -> Any:
        client = self.client
        if client is None:
            raise ValueError("This executor has not been started.")
        if self._is_lost():
            address = self._address
            raise ClusterUnavailable(
                f"The connection to the Dask scheduler at {address} was lost during the run, and "
                "with it what was not finished; see whether the scheduler died, then run again"
            )
        return client

    def __getstate__(self) -> dict[str, Any]:
        return {
            **self.__dict__,
            "client": None,
            "_suspects": None,
            "_connection": None,
            "_topics": None,
        }

    @property
    def performance_report(self) -> str:
        """The text of Dask's performance report; empty, with a warning, if there is none."""
        if self.performance_report_path is None:
            self.logger.warning("Executor was not configured to generate performance report")
            return ""
        self.logger.debug(f"Reading the performance report {self.performance_report_path!r}")
        try:
            with open(self.performance_report_path, encoding="utf-8") as file:
                return file.read()
        except OSError as exc:
            self.logger.error(f"Failed to get dask performance report with exception {exc}")
            return ""


def _named(fn: Any, extra: Mapping[str, Any] | None) -> str:
    name = (extra or {}).get("task_name")
    return f"Task '{name}'" if name else str(getattr(fn, "__name__", "a call"))


def _unique() -> str:
    import uuid

    return uuid.uuid4().hex
