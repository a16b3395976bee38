"""States of a run that has ended, well or badly."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from prefect_results.context import context as ambient
from prefect_results.results.reading import in_order, is_far, size_in_flight
from prefect_results.states.base import State
from prefect_results.states.clock import instant

if TYPE_CHECKING:
    import datetime

    from prefect_results.results import Result

M = TypeVar("M", bound="Mapped")


class Finished(State):
    """The run has ended."""

    color = "#003ccb"

    def is_finished(self) -> bool:
        """Always true here."""
        return True


class Looped(Finished):
    """One turn of a looping task ended; the next follows at once.

    Args:
        message: what a person is told about the state, or the exception that caused it.
        result: the value of this turn, or its `Result`; the next turn gets it.
        loop_count: the number of this turn, from 1; by default the ambient context's
            `task_loop_count`, or 1.
        context: facts about the run, JSON-compatible.
        cached_inputs: the inputs of a task that will run again, `Result` by name.
    """

    color = "#003ccb"

    loop_count: int

    def __init__(
        self,
        message: Any = None,
        result: Any = None,
        loop_count: int | None = None,
        context: dict[str, Any] | None = None,
        cached_inputs: dict[str, Result] | None = None,
    ) -> None:
        super().__init__(message, result, context, cached_inputs)
        self.loop_count = (
            ambient.current().get("task_loop_count", 1) if loop_count is None else loop_count
        )

    def is_looped(self) -> bool:
        """Always true here."""
        return True


class Success(Finished):
    """The run ended well."""

    color = "#28a745"

    def is_successful(self) -> bool:
        """Always true here."""
        return True


class Cached(Success):
    """The value is kept for later runs, or was taken from an earlier one.

    Args:
        message: what a person is told about the state, or the exception that caused it.
        result: the cached value, or its `Result`.
        cached_inputs: the inputs that the value was made of, `Result` by name.
        cached_parameters: the flow's parameters that the value was made with.
        cached_result_expiration: when the value must no longer be used, None (the default)
            means never; a naive datetime is taken as UTC.
        context: facts about the run, JSON-compatible.
        hashed_inputs: a hash of each input, by name.
    """

    color = "#34d058"

    hashed_inputs: dict[str, str] | None
    cached_parameters: dict[str, Any] | None
    cached_result_expiration: datetime.datetime | None

    def __init__(
        self,
        message: Any = None,
        result: Any = None,
        cached_inputs: dict[str, Result] | None = None,
        cached_parameters: dict[str, Any] | None = None,
        cached_result_expiration: datetime.datetime | None = None,
        context: dict[str, Any] | None = None,
        hashed_inputs: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message, result, context, cached_inputs)
        self.hashed_inputs = hashed_inputs
        self.cached_parameters = cached_parameters
        self.cached_result_expiration = (
            None if cached_result_expiration is None else instant(cached_result_expiration)
        )

    def is_cached(self) -> bool:
        """Always true here."""
        return True


class Mapped(Success):
    """The task was mapped; says that its children were submitted, not how they ended.

    Args:
        message: what a person is told about the state, or the exception that caused it.
        result: the values of the children; the engine sets it from their states.
        map_states: the states of the children, in order.
        context: facts about the run, JSON-compatible.
        cached_inputs: the inputs of a task that will run again, `Result` by name.
        n_map_states: how many children there are; by default as many as `map_states`.
    """

    color = "#003ccb"

    map_states: list[State]
    _n_map_states: int | None

    def __init__(
        self,
        message: Any = None,
        result: Any = None,
        map_states: list[State] | None = None,
        context: dict[str, Any] | None = None,
        cached_inputs: dict[str, Result] | None = None,
        n_map_states: int | None = None,
    ) -> None:
        super().__init__(message, result, context, cached_inputs)
        self.map_states = map_states or []
        self._n_map_states = n_map_states

    def __sizeof__(self) -> int:
        from prefect_results.states.sizes import size_of

        return object.__sizeof__(self) + size_of(self.map_states)

    @property
    def n_map_states(self) -> int:
        """How many children there are; known even where their states are not here."""
        return self._n_map_states or len(self.map_states)

    @n_map_states.setter
    def n_map_states(self, count: int | None) -> None:
        self._n_map_states = count

    def load_result(self: M, result: Result | None = None) -> M:
        """Fetches the values of the children; their list becomes the value of this state.

        Args:
            result: reads the locations, with its own settings, instead of each child's result.

        Returns:
            This state, with its children loaded.
        """
        children = self.map_states
        far = [one for one in children if one is not None and is_far(one._result, result)]
        if len(far) > 1:
            # Several at a time, where each mostly waits.
            calls = [(partial(one.load_result, result), size_in_flight(one._result)) for one in far]
            for _ in in_order(calls):
                pass
        self.map_states = [
            child if child is None else child.load_result(result) for child in children
        ]
        if self.map_states:
            self.result = [None if child is None else child.result for child in self.map_states]
        return self

    def is_mapped(self) -> bool:
        """Always true here."""
        return True


class Skipped(Success):
    """The task was passed over, which counts as a success.

    Args:
        message: what a person is told about the state, or the exception that caused it.
        result: the value of the run, or its `Result`.
        context: facts about the run, JSON-compatible.
        cached_inputs: the inputs of a task that will run again, `Result` by name.
    """

    color = "#62757f"

    def is_skipped(self) -> bool:
        """Always true here."""
        return True


class Failed(Finished):
    """The run ended badly.

    Args:
        message: what a person is told about the state, or the exception that caused it.
        result: what went wrong, most often the exception.
        cached_inputs: the inputs of a task that will run again, `Result` by name.
        context: facts about the run, JSON-compatible.
    """

    color = "#eb0000"

    def __init__(
        self,
        message: Any = None,
        result: Any = None,
        cached_inputs: dict[str, Result] | None = None,
        context: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(message, result, context, cached_inputs)

    def is_failed(self) -> bool:
        """Always true here."""
        return True


class TimedOut(Failed):
    """The task took longer than its timeout."""

    color = "#ff4e33"


class TriggerFailed(Failed):
    """The task did not run, because its trigger refused the states before it."""

    color = "#ff5131"


class ValidationFailed(Failed):
    """The task ran, and its result was refused."""

    color = "#ff5131"


class Cancelled(Finished):
    """Somebody cancelled the run."""

    color = "#bdbdbd"
