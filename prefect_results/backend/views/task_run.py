"""`TaskRunView`: a recorded task run, and the value that its task returned.

What belongs here: constructors, attributes and methods, those of Prefect 1.4.1. What does not:
loading values (`results`, `children`) and saying what there is instead (`missing`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import attrs

from prefect_results.backend.access import open_access
from prefect_results.backend.views import children, missing
from prefect_results.backend.views.results import NOT_LOADED, Loaded, require_finished
from prefect_results.states import Scheduled, State

if TYPE_CHECKING:
    from prefect_results.backend.access import RunAccess, Source, TaskRunData


@attrs.frozen(eq=False, repr=False)
class TaskRunView:
    """A task run as it was recorded when the view was made; immutable (Prefect 1.4.1).

    Views are made by `from_task_run_id` and `from_task_slug`, or by a `FlowRunView`.

    Args:
        task_run_id: Id of the task run.
        task_id: Id of its task.
        task_slug: Slug of its task in the flow.
        name: What people call the task run.
        state: Its state; results in it are not loaded.
        map_index: -1, or, for a child of a mapped task, its place in the mapping, from 0.
        flow_run_id: Id of the flow run that it belongs to.
        access: Where its children and later states are; the configured place by default.
    """

    task_run_id: str
    task_id: str
    task_slug: str
    name: str | None
    state: State
    map_index: int
    flow_run_id: str
    _access: RunAccess | None = attrs.field(default=None, kw_only=True)
    _loaded: Loaded = attrs.field(factory=Loaded, kw_only=True)

    @classmethod
    def from_task_run_id(
        cls, task_run_id: str | None = None, *, source: Source = None
    ) -> TaskRunView:
        """Return the view of a task run by its id.

        Args:
            task_run_id: Id of the task run.
            source: Where it is recorded: a run store, a `Client`, or the URL of either; the
                configured place by default.

        Raises:
            TypeError: The id is not text.
            TaskRunNotFound: There is no such task run (also a `ValueError`).
        """
        if not isinstance(task_run_id, str):
            raise TypeError(
                f"Unexpected type {type(task_run_id)!r} for `task_run_id`, expected 'str'."
            )
        access = open_access(source)
        data = access.task_run(task_run_id)
        if data is None:
            raise missing.task_run_by_id(access, task_run_id)
        return cls._from_data(data, access)

    @classmethod
    def from_task_slug(
        cls, task_slug: str, flow_run_id: str, map_index: int = -1, *, source: Source = None
    ) -> TaskRunView:
        """Return the view of the run of a task in a flow run.

        Args:
            task_slug: Slug of the task in its flow, usually its name and `-1`.
            flow_run_id: Id of the flow run.
            map_index: For a child of a mapped task, its place in the mapping; -1 is the task
                itself.
            source: As for `from_task_run_id`.

        Raises:
            TaskRunNotFound: There is no such task run (also a `ValueError`); the message and
                `suggestions` say what there is.
        """
        access = open_access(source)
        data = access.find_task_run(flow_run_id, task_slug, map_index)
        if data is None:
            raise missing.task_run_by_slug(access, flow_run_id, task_slug, map_index)
        return cls._from_data(data, access)

    @classmethod
    def _from_data(
        cls, data: TaskRunData, access: RunAccess, loaded: Loaded | None = None
    ) -> TaskRunView:
        form = data.serialized_state
        return cls(
            task_run_id=data.id,
            task_id=data.task_id,
            task_slug=data.task_slug,
            name=data.name,
            # A mapped child may exist before it has a state.
            state=State.deserialize(form) if form else Scheduled(),
            map_index=data.map_index,
            flow_run_id=data.flow_run_id,
            access=access,
            loaded=Loaded() if loaded is None else loaded,
        )

    def get_result(self) -> Any:
        """Return what the task returned, loaded from where it was stored at the first call.

        For the parent of a mapped task that is the list of its children's values, in order, read
        many at a time. When one of them cannot be read, the others stay loaded: calling again
        reads only what is missing. Values are kept as long as the view.

        Raises:
            RunNotFinished: The task run, or one of its children, is not finished (`ValueError`).
            ResultNotKept: It ended without a result (`TypeError`).
            ResultWithoutLocation: Its value was not stored (`ValueError`).
            UnknownResultType: Its result is of a type that is not registered (`TypeError`).
            NotFound: What was stored is gone (`FileNotFoundError`).
            StorageError, DeserializationError: It cannot be fetched or read.
        """
        loaded = self._loaded
        if loaded.value is NOT_LOADED:
            require_finished(self)
            with loaded.lock:
                if loaded.value is NOT_LOADED:
                    loaded.value = self._load(loaded)
        return loaded.value

    def _load(self, loaded: Loaded) -> Any:
        if not self.state.is_mapped():
            return loaded.fetch(self)
        values = children.load_all(self, self._where(), loaded.children)
        loaded.children = {}
        return values

    def iter_mapped(self, *, cache_results: bool = False) -> Iterator[TaskRunView]:
        """Return an iterator over the children of a mapped task run, in order.

        They are asked for page by page, the next page while the one before it is used, and none
        is held longer than its page. Once two of their results were asked for, those of the rest
        of the page are read ahead, many at a time.

        Args:
            cache_results: Whether results that are loaded through the children are kept here,
                too, for a later `get_result`; needs the room for all of them.

        Raises:
            TypeError: The task is not mapped.
        """
        if not self.state.is_mapped():
            raise TypeError(
                f"Task run {self.task_run_id!r} ({self.task_slug}) is not a mapped task."
            )
        keep = self._loaded.children if cache_results else None
        return children.each(self, self._where(), keep)

    def get_latest(self) -> TaskRunView:
        """Return a new view of the task run as it is now; a result that is loaded is kept.

        Raises:
            TaskRunNotFound: It is not recorded any more.
        """
        latest = self.from_task_run_id(self.task_run_id, source=self._where())
        return attrs.evolve(latest, loaded=self._loaded)

    def _where(self) -> RunAccess:
        return open_access(self._access)

    @property
    def _result(self) -> Any:
        return self._loaded.value

    def __repr__(self) -> str:
        value = self._loaded.value
        result = "<not loaded>" if value is NOT_LOADED else _short(value)
        return (
            f"{type(self).__name__}(task_run_id={self.task_run_id!r}, task_id={self.task_id!r}, "
            f"task_slug={self.task_slug!r}, state={self.state}, result={result})"
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, TaskRunView):
            return NotImplemented
        return other.task_run_id == self.task_run_id and other.state == self.state

    def __hash__(self) -> int:
        return hash(self.task_run_id)


def _short(value: Any) -> str:
    try:
        return repr(value)
    except Exception:
        return f"<{type(value).__name__} that cannot be shown>"
