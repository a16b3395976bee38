"""What a recorded run starts from and ends with: its rows in the run store.

Not here: the states in between (`recorder`), and which of them serve again (`resuming`).
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from prefect_results.backend.recording.processes import recorded_log
from prefect_results.backend.recording.recorder import Known, Recorder
from prefect_results.backend.recording.resuming import states_to_go_on_from
from prefect_results.backend.recording.runner import RecordingFlowRunner
from prefect_results.backend.registering import register
from prefect_results.backend.store import FlowRun, RunStore, open_store
from prefect_results.engine import FlowRunner
from prefect_results.engine.cached import CACHED_STATES
from prefect_results.engine.listening import LISTENER
from prefect_results.exceptions import ConfigurationError, SerializationError
from prefect_results.states import Pending

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from prefect_results.core import Flow, Task
    from prefect_results.states import State

PROJECT = "local"


class Session:
    """A recorded run of a flow.

    Args:
        flow: the flow.
        store: the run store.
        run: the flow run's row.
        resumed: whether the run was begun earlier.
    """

    def __init__(self, flow: Flow, store: RunStore, run: FlowRun, resumed: bool) -> None:
        self._store = store
        self.flow_run_id = run.id
        self.parameters = dict(run.parameters)
        self.state: State | None = Pending("Going on with an earlier run.") if resumed else None
        self.task_states: dict[Task, State] = {}
        known: dict[tuple[str, int], Known] = {}
        if resumed:
            self.task_states, known = states_to_go_on_from(store, flow, run)
        self._recorder = Recorder(
            store,
            run.id,
            {task.slug: task.id for task in store.list_tasks(run.flow_id)},
            known,
            run.version,
        )
        self.context = {
            "flow_run_id": run.id,
            "flow_run_name": run.name,
            LISTENER: self._recorder,
            CACHED_STATES: self._recorder.cached_states,
        }

    def runner_for(self, runner_cls: type[Any]) -> type[Any]:
        """A flow runner class that records, and is the given one otherwise.

        Args:
            runner_cls: a subclass of `FlowRunner`, or the class itself.
        """
        if runner_cls is FlowRunner:
            return RecordingFlowRunner
        return type(f"Recording{runner_cls.__name__}", (RecordingFlowRunner, runner_cls), {})

    @contextlib.contextmanager
    def recording(self) -> Iterator[None]:
        """Record what happens inside the block; all of it is committed behind the block."""
        try:
            with recorded_log(self._recorder):
                yield
        finally:
            self._recorder.close()


def begin(
    flow: Flow,
    *,
    parameters: Mapping[str, Any],
    resume: str | None = None,
    store: Any = None,
    name: str | None = None,
    flow_run_id: str | None = None,
) -> Session:
    """Begin a recorded run, or go on with one.

    A new run registers the flow in the project `local`, unless this version is there.

    Args:
        flow: the flow.
        parameters: values of its parameters; of a run that goes on, those that are new.
        resume: id of the flow run to go on with; finished tasks with a readable result are not
            run again.
        store: a run store or its URL; the configured one by default.
        name: name of a new flow run.
        flow_run_id: id of a new flow run; made by default.

    Returns:
        The session.

    Raises:
        RecordNotFound: if there is no such flow run.
        ConfigurationError: if the flow run is of another flow.
        StoreError: if the store cannot be used.
    """
    opened = store if isinstance(store, RunStore) else open_store(store)
    if resume is not None:
        run = opened.get_flow_run(resume)
        recorded = opened.get_flow(run.flow_id)
        slugs = {task.slug for task in opened.list_tasks(run.flow_id)}
        if recorded.name != flow.name or not slugs.issuperset(flow.slugs.values()):
            raise ConfigurationError(
                f"Flow run {resume} is a run of flow {recorded.name!r} (version "
                f"{recorded.version}), whose tasks are not those of flow {flow.name!r} as it is "
                "now; run it anew, or with the code that it was begun with."
            )
        return Session(flow, opened, run, resumed=True)
    flow_id = _registered(flow, opened)
    run = opened.create_flow_run(
        flow_id, id=flow_run_id, name=name, parameters=_as_json(parameters)
    )
    return Session(flow, opened, run, resumed=False)


def _registered(flow: Flow, store: RunStore) -> str:
    options: dict[str, Any] = {
        "project_name": PROJECT,
        "no_url": True,
        "set_schedule_active": False,
        "idempotency_key": flow.serialized_hash(),
        "source": store,
    }
    try:
        return register(flow, **options)
    except SerializationError:
        # Its runs are recorded all the same; only an agent could not run it.
        return register(flow, build=False, **options)


def _as_json(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters that JSON can hold; the others are named by their type."""
    import json

    kept = {}
    for name, value in parameters.items():
        try:
            kept[name] = json.loads(json.dumps(value, allow_nan=False))
        except (TypeError, ValueError):
            kept[name] = f"<{type(value).__qualname__}>"
    return kept
