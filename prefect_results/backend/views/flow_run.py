"""`FlowRunView`: a recorded flow run, its task runs and its log.

What belongs here: constructors, attributes and methods, those of Prefect 1.4.1. What does not:
waiting for a run (`watching`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import attrs

from prefect_results.backend.access import open_access
from prefect_results.backend.views import missing
from prefect_results.backend.views.flow import FlowView, described
from prefect_results.backend.views.logs import FlowRunLog
from prefect_results.backend.views.task_run import TaskRunView
from prefect_results.states import Pending, State

if TYPE_CHECKING:
    from pendulum import DateTime

    from prefect_results.backend.access import FlowRunData, RunAccess, Source, StateData

MOST_AT_ONCE = 1000
"""How many task runs `get_all_task_runs` returns at most."""


class _Kept:
    """What a view keeps of its flow run: task runs that are finished, ids, the flow."""

    def __init__(self, task_runs: Iterable[TaskRunView] | None = None) -> None:
        self.runs: dict[str, TaskRunView] = {}
        self.by_slug: dict[tuple[str, int], TaskRunView] = {}
        self.ids: list[str] | None = None
        self.flow: FlowView | None = None
        for run in task_runs or ():
            self.keep(run)

    def keep(self, run: TaskRunView) -> TaskRunView:
        """Keep a task run if it is finished, so that it cannot change."""
        if run.state.is_finished():
            self.runs[run.task_run_id] = run
            self.by_slug[run.task_slug, run.map_index] = run
        return run


@attrs.frozen(eq=False, repr=False)
class FlowRunView:
    """A flow run as it was recorded when the view was made; immutable (Prefect 1.4.1).

    Task runs are asked for when they are wanted, each as it is then; those that are finished are
    kept, and handed on by `get_latest`.

    Args:
        flow_run_id: Id of the flow run.
        name: What people call it.
        flow_id: Id of the flow version that it is a run of.
        labels: Labels that its agent must have.
        parameters: Values of the flow's parameters.
        context: What its context was updated with.
        state: Its state.
        states: The states that it was in, in order, each with its moment as `timestamp`.
        updated_at: When its record was changed last.
        run_config: Its run configuration in its wire form, with the keys as attributes.
        task_runs: Task runs to keep, if they are finished.
        access: Where it is recorded; the configured place by default.
    """

    flow_run_id: str
    name: str | None
    flow_id: str
    labels: list[str]
    parameters: dict[str, Any]
    context: dict[str, Any] | None
    state: State
    states: list[State]
    updated_at: DateTime
    run_config: Any
    _kept: _Kept = attrs.field(default=None, alias="task_runs", converter=_Kept)
    _access: RunAccess | None = attrs.field(default=None, kw_only=True)

    @classmethod
    def from_flow_run_id(
        cls,
        flow_run_id: str,
        load_static_tasks: bool = False,
        _cached_task_runs: Iterable[TaskRunView] | None = None,
        *,
        source: Source = None,
    ) -> FlowRunView:
        """Return the view of a flow run by its id.

        Args:
            flow_run_id: Id of the flow run.
            load_static_tasks: Whether to ask at once for the task runs that are no children of
                mapped tasks, and keep those that are finished.
            source: Where it is recorded: a run store, a `Client`, or the URL of either; the
                configured place by default.

        Raises:
            FlowRunNotFound: There is no such flow run (also a `ValueError`).
        """
        access = open_access(source)
        data = access.flow_run(flow_run_id)
        if data is None:
            raise missing.flow_run(access, flow_run_id)
        known = list(_cached_task_runs or ())
        if load_static_tasks:
            ids = [run.task_run_id for run in known]
            found = access.task_runs(flow_run_id, children=False, without=ids)
            known = [*(TaskRunView._from_data(each, access) for each in found), *known]
        return cls._from_data(data, access, known)

    @classmethod
    def _from_data(
        cls, data: FlowRunData, access: RunAccess, task_runs: Sequence[TaskRunView] = ()
    ) -> FlowRunView:
        import pendulum

        form = data.serialized_state
        return cls(
            flow_run_id=data.id,
            name=data.name,
            flow_id=data.flow_id,
            labels=list(data.labels),
            parameters=data.parameters,
            context=data.context,
            state=(
                State.deserialize(form)
                if form
                else Pending(message="A state for this flow run is not yet available.")
            ),
            states=sorted(map(_timed, data.states), key=lambda state: state.timestamp),  # type: ignore[attr-defined]
            updated_at=pendulum.instance(data.updated),
            run_config=described(data.run_config),
            task_runs=task_runs,
            access=access,
        )

    def get_latest(self, load_static_tasks: bool = False) -> FlowRunView:
        """Return a new view of the flow run as it is now; task runs that are kept are handed on.

        Args:
            load_static_tasks: As for `from_flow_run_id`.

        Raises:
            FlowRunNotFound: It is not recorded any more.
        """
        return self.from_flow_run_id(
            self.flow_run_id,
            load_static_tasks=load_static_tasks,
            _cached_task_runs=list(self._kept.runs.values()),
            source=self._where(),
        )

    def get_logs(
        self, start_time: datetime | None = None, end_time: datetime | None = None
    ) -> list[FlowRunLog]:
        """Return the lines of the flow run's log, oldest first.

        Args:
            start_time: Only lines after this moment, without it.
            end_time: Only lines up to this moment; `updated_at` by default.
        """
        found = self._where().logs(self.flow_run_id, start_time, end_time or self.updated_at)
        return [FlowRunLog.from_data(line) for line in found]

    def get_flow_metadata(self, no_cache: bool = False) -> FlowView:
        """Return the view of the flow version that this is a run of; it is asked for once.

        Args:
            no_cache: Whether to ask again.

        Raises:
            FlowNotFound: It is not recorded any more.
        """
        kept = self._kept
        if kept.flow is None or no_cache:
            kept.flow = FlowView.from_flow_id(self.flow_id, source=self._where())
        return kept.flow

    def get_task_run(
        self,
        task_slug: str | None = None,
        task_run_id: str | None = None,
        map_index: int | None = None,
    ) -> TaskRunView:
        """Return a task run of this flow run, by slug or id; one that is kept is not asked for.

        Args:
            task_slug: Slug of the task.
            task_run_id: Id of the task run.
            map_index: With a slug, which child of the mapped task; the task itself by default.
                What is given beside an id must be true of that task run.

        Raises:
            ValueError: Neither a slug nor an id was given, or they do not fit each other.
            TaskRunNotFound: There is no such task run (also a `ValueError`).
        """
        if task_run_id is not None:
            run = self._kept.runs.get(task_run_id)
            if run is None:
                run = TaskRunView.from_task_run_id(task_run_id, source=self._where())
            _require_same("task_slug", "slug", task_slug, run.task_slug)
            _require_same("map_index", "map index", map_index, run.map_index)
            return self._kept.keep(run)
        if task_slug is None:
            raise ValueError("One of `task_run_id`, `task`, or `task_slug` must be provided!")
        index = -1 if map_index is None else map_index
        run = self._kept.by_slug.get((task_slug, index))
        if run is None:
            run = TaskRunView.from_task_slug(
                task_slug, self.flow_run_id, index, source=self._where()
            )
        return self._kept.keep(run)

    def get_all_task_runs(self) -> list[TaskRunView]:
        """Return all task runs of this flow run; those that are kept are not asked for.

        Raises:
            ValueError: There are more than 1000; `get_task_run` and `TaskRunView.iter_mapped`
                return those of interest.
        """
        if len(self.get_task_run_ids()) > MOST_AT_ONCE:
            raise ValueError(
                f"A flow run with more than {MOST_AT_ONCE:,} task runs is not read at once; see "
                "`get_task_run` and `TaskRunView.iter_mapped`."
            )
        access = self._where()
        known = list(self._kept.runs.values())
        found = access.task_runs(self.flow_run_id, without=[run.task_run_id for run in known])
        new = [self._kept.keep(TaskRunView._from_data(data, access)) for data in found]
        return new + known

    def get_task_run_ids(self) -> list[str]:
        """Return the ids of all task runs; they are asked for once if the run is finished."""
        kept = self._kept
        if kept.ids is not None:
            return kept.ids
        ids = self._where().task_run_ids(self.flow_run_id)
        if self.state.is_finished():
            kept.ids = ids
        return ids

    def _where(self) -> RunAccess:
        return open_access(self._access)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(flow_run_id={self.flow_run_id!r}, name={self.name!r}, "
            f"state={self.state!r}, labels={self.labels!r}, "
            f"cached_task_runs={len(self._kept.runs)})"
        )


def _timed(data: StateData) -> State:
    import pendulum

    state = State.deserialize(data.serialized_state)
    state.timestamp = pendulum.instance(data.timestamp)  # type: ignore[attr-defined]
    return state


def _require_same(argument: str, words: str, given: object, found: object) -> None:
    if given is not None and given != found:
        raise ValueError(
            f"Both `{argument}` and `task_run_id` were provided but the task found using "
            f"`task_run_id` has a different {words}! `{argument} == {given!r}` and "
            f"`result.{argument} == {found!r}`"
        )
