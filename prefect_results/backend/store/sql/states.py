"""Setting states: versions, history, and what a run repeats of its newest state.

What belongs here: the one way in which a run's state changes. What does not: creating runs
(`flow_runs`, `task_runs`), which asks `trace` here for the rows of their first states.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timezone
from functools import cache
from typing import Any

import attrs
from sqlalchemy import Connection, Table, select

from prefect_results import states
from prefect_results.backend.store.ids import new_ids
from prefect_results.backend.store.port import OnConflict
from prefect_results.backend.store.records import Json, NewState, Outcome, RunState
from prefect_results.backend.store.schema import (
    flow_run,
    flow_run_state,
    task_run,
    task_run_state,
)
from prefect_results.backend.store.sql.bulk import insert_many, update_many
from prefect_results.backend.store.sql.rows import (
    chunks,
    fetch,
    now,
    selected,
)
from prefect_results.backend.store.types import clean_text, encode_json, encode_moment, normalize_id
from prefect_results.exceptions import RecordNotFound, VersionConflict

CURRENT = (
    "version",
    "state_id",
    "state",
    "state_timestamp",
    "state_message",
    "state_start_time",
    "serialized_state",
    "start_time",
    "end_time",
    "updated",
)
"""The columns of a run that change with its state."""


@attrs.frozen
class Kind:
    """The tables of one kind of run."""

    noun: str
    runs: Table
    history: Table
    key: str

    @property
    def past(self) -> tuple[str, ...]:
        """The columns of the history, in the order of `trace`'s rows."""
        return (
            *("id", self.key, "version", "created", "timestamp"),
            *("state", "message", "start_time", "serialized_state"),
        )


FLOW_RUN = Kind("flow run", flow_run, flow_run_state, "flow_run_id")
TASK_RUN = Kind("task run", task_run, task_run_state, "task_run_id")


@cache
def is_finished(type_name: str) -> bool:
    """Whether states of a type, named as in the wire form, are final."""
    kind = getattr(states, type_name, None)
    return isinstance(kind, type) and issubclass(kind, states.Finished)


@cache
def is_running(type_name: str) -> bool:
    """Whether states of a type, named as in the wire form, mean that the run has begun."""
    kind = getattr(states, type_name, None)
    return isinstance(kind, type) and issubclass(kind, states.Running)


def parsed_moment(value: object) -> datetime | None:
    """Return a moment of the wire form; one without a timezone is meant in UTC.

    Raises:
        ValueError: It is text, but no ISO 8601 moment.
    """
    if not isinstance(value, str):
        return None
    moment = datetime.fromisoformat(value.replace("Z", "+00:00").replace("z", "+00:00"))
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


class Trace:
    """The rows that a series of states leaves behind, for runs that change in one transaction."""

    def __init__(self, count: int) -> None:
        """Begin.

        Args:
            count: How many states there will be at most.
        """
        self._ids = iter(new_ids(count))
        self.now = encode_moment(now())
        self.history: list[tuple[Any, ...]] = []
        # Many runs enter the same state; who calls keeps the wire forms until the end.
        self._blobs: dict[int, str] = {}

    def add(
        self,
        run_id: str,
        version: int,
        started: str | None,
        state: Mapping[str, Json],
        timestamp: datetime | None,
    ) -> tuple[Any, ...]:
        """Note one state.

        Args:
            run_id: The run.
            version: The version that the run gets with it.
            started: When the run began, encoded, or None.
            state: The wire form.
            timestamp: When it was entered, or None for now.

        Returns:
            The values of `CURRENT`.
        """
        kind = state.get("type")
        if not isinstance(kind, str):
            raise ValueError(f"a state in its wire form has a 'type'; got the keys {sorted(state)}")
        entered = self.now if timestamp is None else encode_moment(timestamp)
        start = state.get("start_time")
        wanted = None if start is None else parsed_moment(start)
        wanted_start = None if wanted is None else encode_moment(wanted)
        message = state.get("message")
        text = None if message is None else clean_text(str(message))
        blob = self._blobs.get(id(state))
        if blob is None:
            blob = self._blobs[id(state)] = encode_json(state)
        state_id = next(self._ids)
        self.history.append(
            (state_id, run_id, version, self.now, entered, kind, text, wanted_start, blob)
        )
        if started is None and is_running(kind):
            started = entered
        ended = entered if is_finished(kind) else None
        return (
            *(version, state_id, kind, entered, text, wanted_start, blob),
            *(started, ended, self.now),
        )

    def write(self, connection: Connection, kind: Kind) -> None:
        """Insert the history."""
        insert_many(connection, kind.history, kind.past, self.history)


def set_states(
    connection: Connection, kind: Kind, changes: Sequence[NewState], on_conflict: OnConflict
) -> list[Outcome]:
    """Set states on runs; see `RunStore.set_task_run_states`."""
    ids = [_known_id(kind, change.run_id) for change in changes]
    current = _locked(connection, kind, ids)
    trace = Trace(len(changes))
    latest: dict[str, tuple[Any, ...]] = {}
    lost: set[str] = set()
    outcomes = []
    for run_id, change in zip(ids, changes):
        version, started = current[run_id]
        expected = change.expected_version
        if run_id in lost or (expected is not None and expected != version):
            lost.add(run_id)
            outcomes.append(Outcome(run_id, False, version))
            continue
        row = trace.add(run_id, version + 1, started, change.state, change.timestamp)
        current[run_id] = (version + 1, row[7])
        latest[run_id] = row
        outcomes.append(Outcome(run_id, True, version + 1, row[1]))
    if lost and on_conflict == "raise":
        raise VersionConflict(_explained(kind, changes, outcomes), outcomes=outcomes)
    trace.write(connection, kind)
    rows = [(*row, run_id) for run_id, row in latest.items()]
    update_many(connection, kind.runs, CURRENT, rows)
    return outcomes


def _known_id(kind: Kind, value: str) -> str:
    run_id = normalize_id(value)
    if run_id is None:
        raise RecordNotFound(f"the run store has no {kind.noun} {value!r}")
    return run_id


def _locked(
    connection: Connection, kind: Kind, ids: Iterable[str]
) -> dict[str, tuple[int, str | None]]:
    """Read the version and the start of runs that nobody else may change until we commit."""
    columns = kind.runs.c
    wanted = sorted(set(ids))
    found: dict[str, tuple[int, str | None]] = {}
    for batch in chunks(wanted):
        # The order keeps two writers from waiting for each other; SQLite has one writer anyway.
        query = (
            select(columns.id, columns.version, columns.start_time)
            .where(columns.id.in_(batch))
            .order_by(columns.id)
            .with_for_update()
        )
        for run_id, version, started in connection.execute(query):
            found[run_id] = (version, None if started is None else encode_moment(started))
    missing = [run_id for run_id in wanted if run_id not in found]
    if missing:
        raise RecordNotFound(f"the run store has no {kind.noun} {missing[0]!r}")
    return found


def _explained(kind: Kind, changes: Sequence[NewState], outcomes: Sequence[Outcome]) -> str:
    lost = [
        f"{outcome.run_id} is at version {outcome.version}, not {change.expected_version}"
        for change, outcome in zip(changes, outcomes)
        if not outcome.applied
    ]
    more = f" (and {len(lost) - 3} more)" if len(lost) > 3 else ""
    return (
        f"the state of {len(lost)} {kind.noun}(s) was set by another writer in the meantime, so "
        f"nothing was set: {'; '.join(lost[:3])}{more}. Read the run again and decide anew"
    )


def history(connection: Connection, kind: Kind, run_id: str) -> list[RunState]:
    """Return the states of a run, oldest first."""
    columns = kind.history.c
    query = (
        selected(RunState, kind.history, run_id=columns[kind.key])
        .where(columns[kind.key] == run_id)
        .order_by(columns.version)
    )
    found = fetch(connection, RunState, query)
    if not found:
        exists = select(kind.runs.c.id).where(kind.runs.c.id == run_id)
        if connection.execute(exists).first() is None:
            raise RecordNotFound(f"the run store has no {kind.noun} {run_id!r}")
    return found
