"""What every call of one flow run needs, sent to each worker once."""

from __future__ import annotations

import pickle
import sys
from logging import DEBUG
from typing import TYPE_CHECKING, Any

from prefect_results import logging
from prefect_results.context import Deferred
from prefect_results.context import context as ambient
from prefect_results.core.conversion import registered
from prefect_results.core.edge import Edge
from prefect_results.engine.checkpoint import can_write, configured
from prefect_results.engine.direct import DirectTask
from prefect_results.engine.journal import CallJournal
from prefect_results.engine.listening import LISTENER
from prefect_results.engine.plain import PLAIN, is_plain
from prefect_results.engine.task_runner import TaskRunner
from prefect_results.engine.unsendable import why_not
from prefect_results.logging import get_logger
from prefect_results.pickling import dumps
from prefect_results.results import ConstantResult
from prefect_results.states import Success

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from prefect_results.core import Flow, Task
    from prefect_results.engine.uploads import UploadLimits
    from prefect_results.executors.base import Journal
    from prefect_results.results import Result
    from prefect_results.states import State


class Job:
    """A task of the run with its edges.

    Args:
        task: the task.
        flow: its flow.
        context: context values of the task.

    Attributes:
        edges: the edges whose upstream states are sent with each call, in their order.
        constants: upstream states that are known beforehand, by edge.
    """

    __slots__ = ("constants", "context", "edges", "task")

    def __init__(self, task: Task, flow: Flow, context: Mapping[str, Any]) -> None:
        self.task = task
        self.edges = list(flow.edges_to(task))
        self.constants: dict[Edge, State] = {
            Edge(registered.constant(value), task, key=key): Success(  # type: ignore[misc]
                "Auto-generated constant value", result=ConstantResult(value=value)
            )
            for key, value in flow.constants[task].items()
        }
        self.context = context


class RunEnvironment:
    """The jobs of a flow run, and what they share.

    Args:
        jobs: the jobs by a name that calls refer to.
        context: the flow run's context; what cannot be pickled is left out when it travels.
        flow_result: the flow's result.
        runner_cls: the class that runs tasks.
        handlers: state handlers of the task runners.
        travels: whether states leave the processes they are made in.
        transfer_limit: up to which size, in bytes, values that were written travel all the same;
            None for any.
        journal: where what was written is noted.
        upload_limits: of what a batch stores behind; None if it does not.
    """

    def __init__(
        self,
        jobs: dict[str, Job],
        context: Mapping[str, Any],
        flow_result: Result | None,
        runner_cls: Any,
        handlers: Sequence[Any] | None,
        travels: bool = False,
        transfer_limit: int | None = None,
        journal: Journal | None = None,
        upload_limits: UploadLimits | None = None,
    ) -> None:
        self.jobs = jobs
        self.context = dict(context)
        self.flow_result = flow_result
        self.runner_cls = runner_cls
        self.handlers = handlers
        self.travels = travels
        self.transfer_limit = transfer_limit
        self.upload_limits = upload_limits
        self._journal = journal
        self._direct: dict[str, DirectTask | None] = {}

    def context_of(self, job: Job) -> dict[str, Any]:
        """The whole context of a run of a job, over what is ambient where it runs."""
        return {**ambient.current(), **self.context, **job.context}

    def direct(self, name: str) -> DirectTask | None:
        """The short way of a job, if it has one; made once in each process."""
        if name not in self._direct:
            job, logger = self.jobs[name], get_logger("TaskRunner")
            takes_it = (
                self.runner_cls is TaskRunner
                and not self.handlers
                and is_plain(job.task)
                and not logger.isEnabledFor(DEBUG)
            )
            self._direct[name] = (
                DirectTask(job.task, self.context_of(job), self.flow_result, logger)
                if takes_it
                else None
            )
        return self._direct[name]

    def journal_of(self, name: str, index: int | None) -> CallJournal | None:
        """The notes of a call; None if what it makes is not written, or no worker can be lost.

        Args:
            name: of the job.
            index: the map index of the first child.
        """
        if self._journal is None:
            return None
        job = self.jobs[name]
        task, template = job.task, job.task.result or self.flow_result or PLAIN
        context = {**self.context, **job.context}
        if (
            task.checkpoint is False
            or not can_write(template)
            or context.get("checkpointing", configured(context)) is not True
        ):
            return None
        if task.target:
            template = template.with_location(task.target)
        topic = name if index is None else f"{name}-{index}"
        return CallJournal(self._journal, topic, task, template)

    def flush(self) -> None:
        """Have the listener, if there is one, keep what it heard before the call is over."""
        heard_by = self.context.get(LISTENER)
        if heard_by is not None:
            heard_by.flush()

    def __copy__(self) -> RunEnvironment:
        new = object.__new__(RunEnvironment)
        new.__dict__.update(self.__dict__, _direct={})
        return new

    def __reduce__(self) -> Any:
        state = {**self.__dict__, "_direct": {}, "context": _picklable(self.context)}
        # Tasks that import this library by its legacy name find it there too; it comes first.
        state = {"_alias": sys.modules.get(logging.root_name), **state}
        # In pickled form, as workers pass it on with a pickler that does not know the context.
        return _arrived, (dumps(state),)


def _arrived(state: bytes) -> RunEnvironment:
    new = object.__new__(RunEnvironment)
    new.__dict__.update(pickle.loads(state))
    return new


def _picklable(context: Mapping[str, Any]) -> dict[str, Any]:
    """Context values that can travel; loggers and the like are made anew where they arrive."""
    kept = {}
    for key, value in context.items():
        if key == "logger":
            continue
        value = value.resolve() if isinstance(value, Deferred) else value
        if key == "parameters" and value:
            value = {name: given for name, given in value.items() if why_not(given) is None}
        try:
            dumps(value)
        except Exception:
            get_logger("FlowRunner").debug("The context's %r cannot travel to workers.", key)
        else:
            kept[key] = value
    return kept
