"""What setting states on flow runs and on task runs has in common."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from prefect_results import states
from prefect_results.backend.store import NewState, Outcome
from prefect_results.server.errors import RequestRefused


def set_states(
    given: Sequence[dict[str, Any]], key: str, write: Callable[[list[NewState]], list[Outcome]]
) -> dict[str, list[dict[str, Any]]]:
    """Set states and return what clients are told of each.

    Args:
        given: Each with the run's id under `key`, the state's wire form under `state`, and under
            `version` the version that the run must have, if it must have one.
        key: Name of the id.
        write: Sets them, all or none.

    Raises:
        RequestRefused: A state is of no known type.
        VersionConflict: A run has another version.
    """
    changes = [NewState(item[key], _checked(item["state"]), item.get("version")) for item in given]
    return {
        "states": [
            {"id": outcome.state_id, "status": "SUCCESS", "message": None}
            for outcome in write(changes)
        ]
    }


def _checked(state: Any) -> dict[str, Any]:
    name = state.get("type") if isinstance(state, dict) else None
    kind = getattr(states, name, None) if isinstance(name, str) else None
    if not isinstance(kind, type) or not issubclass(kind, states.State):
        raise RequestRefused(
            f"A state is a JSON object whose `type` names a state; got {str(name)[:80]!r}."
        )
    found: dict[str, Any] = state
    return found
