"""Cached states that earlier recorded runs left in the run store."""

from __future__ import annotations

import threading
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from marshmallow import ValidationError

from prefect_results.context import context as ambient
from prefect_results.logging import get_logger
from prefect_results.results import NoResult
from prefect_results.states import State

if TYPE_CHECKING:
    from collections.abc import Mapping

    from prefect_results.backend.store import RunStore, TaskRun
    from prefect_results.core import Task

# How many states of a task, or of a cache key, are looked at; the newest ones.
MOST = 1000


class RecordedCaches:
    """Finds the Cached states of a task; asks the store once for each task of a run.

    Args:
        store: the run store.
        task_ids: the id of each task of the flow version by slug.
    """

    def __init__(self, store: RunStore, task_ids: Mapping[str, str]) -> None:
        self._store = store
        self._task_ids = task_ids
        self._found: dict[str | tuple[str], list[State]] = {}
        self._lock = threading.Lock()

    def of(self, task: Task) -> list[State]:
        """The states that are young enough for a task, the newest first.

        Args:
            task: says for how long (`cache_for`) and, where other tasks share its values, by
                which name (`cache_key`); the latter may be of another flow.
        """
        slug = ambient.get("task_slug")
        key = (task.cache_key,) if task.cache_key else slug
        if task.cache_for is None or key is None:
            return []
        with self._lock:
            if key not in self._found:
                runs = self._store.find_cached_task_runs(
                    since=datetime.now(timezone.utc) - task.cache_for,
                    task_id=self._task_ids.get(slug),
                    cache_key=task.cache_key,
                    limit=MOST,
                )
                self._found[key] = [state for run in runs if (state := _state(run)) is not None]
            return self._found[key]


def _state(run: TaskRun) -> State | None:
    """The state of a task run, if it can be used here and has a value."""
    if run.serialized_state is None:
        return None
    try:
        state = State.deserialize(run.serialized_state)
    except ValidationError as exc:
        get_logger("Recorder").warning(
            f"The cached state of task run {run.id} cannot be used here: {exc}"
        )
        return None
    return None if state._result is NoResult else state
