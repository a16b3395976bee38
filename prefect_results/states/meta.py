"""States that say something about another state, which they wrap."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prefect_results.states.base import State
from prefect_results.states.clock import now

if TYPE_CHECKING:
    import datetime

    from prefect_results.results import Result


class _MetaState(State):
    """A state that wraps another.

    Args:
        message: what a person is told about the state, or the exception that caused it.
        result: the value of the run, or its `Result`.
        state: the wrapped state; of a wrapper, what it wraps is taken.
        context: facts about the run, JSON-compatible.
        cached_inputs: the inputs of a task that will run again, `Result` by name.
    """

    _state: State | None

    def __init__(
        self,
        message: Any = None,
        result: Any = None,
        state: State | None = None,
        context: dict[str, Any] | None = None,
        cached_inputs: dict[str, Result] | None = None,
    ) -> None:
        super().__init__(message, result, context, cached_inputs)
        self.state = state

    @property
    def state(self) -> State | None:
        """The wrapped state, which is never a wrapper itself."""
        return self._state

    @state.setter
    def state(self, state: State | None) -> None:
        while isinstance(state, _MetaState):
            state = state.state
        self._state = state

    def is_meta_state(self) -> bool:
        """Always true here."""
        return True


class ClientFailed(_MetaState):
    """The backend could not be told of the wrapped state; the run ends, nothing follows it."""

    color = "#eb0000"


class Submitted(_MetaState):
    """The wrapped state, often a scheduled one, was handed to an executor."""

    color = "#ffdf5d"

    def is_submitted(self) -> bool:
        """Always true here."""
        return True


class Queued(_MetaState):
    """The wrapped state waits for room to run.

    Args:
        message: what a person is told about the state, or the exception that caused it.
        result: the value of the run, or its `Result`.
        state: the wrapped state; of a wrapper, what it wraps is taken.
        start_time: until when the state waits, now by default.
        context: facts about the run, JSON-compatible.
        cached_inputs: the inputs of a task that will run again, `Result` by name.
    """

    color = "#ffea7f"

    start_time: datetime.datetime

    def __init__(
        self,
        message: Any = None,
        result: Any = None,
        state: State | None = None,
        start_time: datetime.datetime | None = None,
        context: dict[str, Any] | None = None,
        cached_inputs: dict[str, Result] | None = None,
    ) -> None:
        super().__init__(message, result, state, context, cached_inputs)
        self.start_time = start_time or now()

    def is_queued(self) -> bool:
        """Always true here."""
        return True

    def is_scheduled(self) -> bool:
        """Always true here."""
        return True
