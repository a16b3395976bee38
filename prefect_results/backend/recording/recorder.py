"""The recorder of one flow run: hears of each state and sends it, dumped, to the run store."""

from __future__ import annotations

import copy
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, NamedTuple

import attrs
from marshmallow import ValidationError

from prefect_results.backend.recording.caches import RecordedCaches
from prefect_results.backend.recording.readable import is_json, json_text, readable
from prefect_results.backend.recording.writer import Writer
from prefect_results.backend.store import NewLog, NewState, NewTaskRun, new_ids
from prefect_results.context import context as ambient
from prefect_results.exceptions import VersionConflict, VersionLockMismatchSignal
from prefect_results.logging import get_logger
from prefect_results.results import NoResult
from prefect_results.states import Running, State, Success

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from prefect_results.backend.store import RunStore
    from prefect_results.core import Task

Key = tuple[str, int]
UTC = timezone.utc
_TAGS = frozenset(("tags",))


class _TaskState(NamedTuple):
    key: Key
    form: dict[str, Any]
    moment: datetime


class _FlowState(NamedTuple):
    form: dict[str, Any]
    moment: datetime


class Known(NamedTuple):
    """What the store has of a task run: its id, and the version of its last state."""

    run_id: str
    version: int


class Recorder:
    """Writes the states and the log of one flow run.

    It is a listener of the engine (`engine.listening`). Pickled, as for workers of an executor, it
    opens the store anew where it arrives.

    Args:
        store: the run store.
        flow_run_id: the flow run; it exists.
        task_ids: the id of each task of the flow version by slug.
        known: the task runs that the store has already, by slug and map index (-1 for none).
        version: the version of the flow run's last state.
    """

    def __init__(
        self,
        store: RunStore,
        flow_run_id: str,
        task_ids: Mapping[str, str],
        known: Mapping[Key, Known] | None = None,
        version: int = 0,
    ) -> None:
        self.flow_run_id = flow_run_id
        self._store = store
        self._task_ids = dict(task_ids)
        self._caches = RecordedCaches(store, self._task_ids)
        self._known = dict(known or {})
        self._flow_version = version
        # Ids of one task's runs sort behind each other: rows of a mapped task lie together.
        self.stems = dict(zip(self._task_ids, new_ids(len(self._task_ids)), strict=True))
        # Wire forms of states that differ in their value only, by kind, message and tags.
        self._common: dict[tuple[type[State], str, tuple[str, ...]], dict[str, Any]] = {}
        self._rows = {run.run_id for run in self._known.values()}
        # Lines of task runs that have no state yet, and so no row to belong to.
        self._held: list[NewLog] = []
        self._writer = Writer(self._write)

    def __reduce__(self) -> Any:
        from prefect_results.backend.recording.processes import reopened

        flat = {key: tuple(run) for key, run in self._known.items()}
        return reopened, (self._store.url, self.flow_run_id, self._task_ids, flat, self.stems)

    def task_run_id(self, task_slug: str, map_index: int | None) -> str:
        """The id that a task run has, or will have, in the store.

        Args:
            task_slug: the task's slug in the flow.
            map_index: the index of a mapped child; `None` for any other task run.
        """
        return self._run_id((task_slug, -1 if map_index is None else map_index))

    def _run_id(self, key: Key) -> str:
        known = self._known.get(key)
        if known is not None:
            return known.run_id
        return f"{self.stems[key[0]][:24]}{key[1] + 1:012x}"

    def cached_states(self, task: Task) -> list[State]:
        """The Cached states of earlier recorded runs, for the run of a task."""
        return self._caches.of(task)

    def task_run_changed(self, task: Task, map_index: int | None, state: State) -> None:
        """Record a state of a task run; see `engine.listening.StateListener`.

        Raises:
            VersionLockMismatchSignal: if another process records this flow run too.
        """
        self._put(_TaskState(_key(task, map_index), self._form(state), datetime.now(UTC)))

    def flow_run_changed(self, state: State) -> None:
        """Record a state of the flow run; a finished one once all task states are committed."""
        if state.is_finished():
            self.flush()
        self._put(_FlowState(self._form(state), datetime.now(UTC)))
        self.flush()

    def log(
        self, level: str, name: str, message: str, task_run_id: str | None, moment: float
    ) -> None:
        """Record a line of the log."""
        timestamp = datetime.fromtimestamp(moment, UTC)
        self._put(NewLog(self.flow_run_id, message, level, name, task_run_id, timestamp))

    def flush(self) -> None:
        """Wait until everything so far is committed."""
        self._checked(self._writer.flush)

    def close(self) -> None:
        """Commit everything, and stop."""
        self._checked(self._writer.close)
        if self._held:
            self._store.write_logs([attrs.evolve(line, task_run_id=None) for line in self._held])

    def _put(self, event: Any) -> None:
        self._checked(self._writer.put, event)

    def _checked(self, call: Any, *args: Any) -> None:
        try:
            call(*args)
        except VersionConflict as exc:
            # No state of a task: the whole run is to stop, as somebody else goes on with it.
            raise VersionLockMismatchSignal(
                f"Flow run {self.flow_run_id} is recorded by another process too: {exc}"
            ) from exc

    def _form(self, state: State) -> dict[str, Any]:
        """The wire form of a state; what cannot be serialized is said in its message."""
        if self._is_common(state):
            # Many states differ in nothing but their value.
            known = (type(state), state.message, tuple(state.context.get("tags", ())))
            form = self._common.get(known)
            if form is None:
                form = self._common[known] = readable(state).serialize()
            if state._result is NoResult:
                return form
            return {**form, "_result": {**form["_result"], "location": json_text(state.result)}}
        try:
            return readable(state).serialize()
        except ValidationError as exc:
            get_logger("Recorder").warning(
                f"A {type(state).__name__} state is recorded without its value: {exc}"
            )
            return _without_values(state, exc)

    @staticmethod
    def _is_common(state: State) -> bool:
        kind, result = type(state), state._result
        return (
            ((kind is Running and result is NoResult) or (kind is Success and is_json(result)))
            and state.context.keys() <= _TAGS
            and not state.cached_inputs
            and type(state.message) is str
        )

    def _write(self, events: list[Any]) -> None:
        """Commit events; runs in the writer's thread."""
        new: dict[Key, list[tuple[dict[str, Any], datetime]]] = {}
        changed: list[NewState] = []
        flow_states: list[NewState] = []
        logs: list[NewLog] = []
        for event in events:
            if isinstance(event, _TaskState):
                known = self._known.get(event.key)
                if known is None or event.key in new:
                    new.setdefault(event.key, []).append((event.form, event.moment))
                else:
                    changed.append(NewState(known.run_id, event.form, known.version, event.moment))
                    self._known[event.key] = Known(known.run_id, known.version + 1)
            elif isinstance(event, _FlowState):
                flow_states.append(
                    NewState(self.flow_run_id, event.form, self._flow_version, event.moment)
                )
                self._flow_version += 1
            else:
                logs.append(event)
        steps: list[Callable[[], Any]] = []
        if new:
            steps.append(lambda: self._create(new))
        if changed:
            steps.append(lambda: self._store.set_task_run_states(_chained(changed)))
        if logs or self._held:
            steps.append(lambda: self._write_logs(logs))
        if flow_states:
            steps.append(lambda: self._store.set_flow_run_states(_chained(flow_states)))
        if len(steps) == 1:
            steps[0]()  # a transaction by itself, and no savepoint inside another
            return
        with self._store.transaction():
            for step in steps:
                step()

    def _write_logs(self, logs: list[NewLog]) -> None:
        held: list[NewLog] = []
        ready: list[NewLog] = []
        for line in [*self._held, *logs]:
            has_row = line.task_run_id is None or line.task_run_id in self._rows
            (ready if has_row else held).append(line)
        self._held = held
        if ready:
            self._store.write_logs(ready)

    def _create(self, new: dict[Key, list[tuple[dict[str, Any], datetime]]]) -> None:
        runs = [
            NewTaskRun(self._task_ids[key[0]], key[1], id=self._run_id(key), states=tuple(states))
            for key, states in new.items()
        ]
        late: list[NewState] = []
        outcomes = self._store.create_task_runs(self.flow_run_id, runs)
        for (key, states), outcome in zip(new.items(), outcomes, strict=True):
            version = outcome.version
            if not outcome.applied:
                # The run was there, created with the flow run or by another process.
                late += [
                    NewState(outcome.run_id, form, version if first == 0 else None, moment)
                    for first, (form, moment) in enumerate(states)
                ]
                version += len(states)
            self._known[key] = Known(outcome.run_id, version)
            self._rows.add(outcome.run_id)
        if late:
            self._store.set_task_run_states(late)


def _chained(states: list[NewState]) -> list[NewState]:
    """States of which only the first of each run is compared with what is stored."""
    seen: set[str] = set()
    chained = []
    for state in states:
        if state.run_id in seen:
            state = NewState(state.run_id, state.state, None, state.timestamp)
        seen.add(state.run_id)
        chained.append(state)
    return chained


def _key(task: Task, map_index: int | None) -> Key:
    slug = ambient.current().get("task_slug") or task.slug or task.name
    return slug, -1 if map_index is None else map_index


def _without_values(state: State, problem: Exception) -> dict[str, Any]:
    """The wire form of a state whose values cannot be serialized."""
    bare = copy.copy(state)
    bare._result = NoResult
    bare.cached_inputs = {}
    bare.context = {"tags": state.context.get("tags", [])}
    bare.message = f"{state.message} (its value is not recorded: {problem})"
    return bare.serialize()
