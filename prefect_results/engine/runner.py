"""What task and flow runners share: initial states, state handlers, trapped signals."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from prefect_results.context import context as ambient
from prefect_results.logging import get_logger
from prefect_results.signals import ENDRUN, PAUSE, PrefectStateSignal
from prefect_results.states import Failed, Pending, State

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable

    Handler = Callable[[Any, State, State], State | None]
    Step = Callable[..., State]

__all__ = ["ENDRUN", "Runner", "call_state_handlers"]


def call_state_handlers(method: Step) -> Step:
    """Make a runner's method a step: a change of state is announced to the state handlers.

    The method takes a state (and more) and returns one. What it raises becomes a state too: an
    `ENDRUN` is raised again once the handlers have seen its state, a signal gives its state,
    any other exception gives `Failed`; with `raise_on_exception` in the context, signals and
    exceptions propagate instead (Prefect 1.4.1).

    Args:
        method: `method(self, state, *args, **kwargs) -> State` of a `Runner`.

    Returns:
        The step, with the same signature.
    """

    @functools.wraps(method)
    def step(self: Runner, state: State, *args: Any, **kwargs: Any) -> State:
        ends_run = False
        try:
            new_state = method(self, state, *args, **kwargs)
        except ENDRUN as exc:
            ends_run = True
            new_state = exc.state
        except PrefectStateSignal as exc:
            self.logger.info("%s signal raised: %r", type(exc).__name__, exc)
            if ambient.get("raise_on_exception"):
                raise
            new_state = exc.state
        except Exception as exc:
            message = f"Unexpected error: {exc!r}"
            self.logger.exception(message)
            if ambient.get("raise_on_exception"):
                raise
            new_state = Failed(message, result=exc)

        if new_state is not state:
            new_state = self.handle_state_change(old_state=state, new_state=new_state)
        if ends_run:
            raise ENDRUN(new_state)
        return new_state

    return step


class Runner:
    """Base class of `TaskRunner` and `FlowRunner`.

    Args:
        state_handlers: callables of `(runner, old_state, new_state)` that return a state, or
            `None` to leave the new state as it is.

    Attributes:
        state_handlers: the given handlers.
        logger: the runner's logger.

    Raises:
        TypeError: if `state_handlers` is not a sequence.
    """

    state_handlers: Sequence[Handler]
    logger: logging.Logger

    def __init__(self, state_handlers: Sequence[Handler] | None = None) -> None:
        if state_handlers is not None and not isinstance(state_handlers, Sequence):
            raise TypeError("state_handlers should be iterable.")
        self.state_handlers = state_handlers or []
        self.logger = get_logger(type(self).__name__)

    def __repr__(self) -> str:
        return '<"Runner">'

    def _heartbeat(self) -> bool:
        """Whether the run reports that it is alive; a plain runner has nobody to report to."""
        return False

    def initialize_run(
        self, state: State | None, context: dict[str, Any]
    ) -> tuple[State, dict[str, Any]]:
        """Take the state that a meta state wraps, or `Pending` where there is none.

        Args:
            state: the initial state of the run.
            context: the run's context; updated in place by subclasses.

        Returns:
            The state to start from and the context.
        """
        while isinstance(state, State) and state.is_meta_state():
            state = state.state  # type: ignore[attr-defined]
        return state or Pending(), context

    def call_runner_target_handlers(self, old_state: State, new_state: State) -> State:
        """Call the handlers of what is run (a task, a flow); the first of all handlers.

        Args:
            old_state: the state before the change.
            new_state: the state after it.

        Returns:
            The state that the handlers decided on.
        """
        return new_state

    def handle_state_change(self, old_state: State, new_state: State) -> State:
        """Announce a change of state to the target's handlers, then to the runner's.

        Args:
            old_state: the state before the change.
            new_state: the state after it.

        Returns:
            The state that the handlers decided on.

        Raises:
            PAUSE: if a handler raises it.
            ENDRUN: if a handler raises it; with a `Failed` state if a handler fails.
        """
        try:
            new_state = self.call_runner_target_handlers(old_state, new_state)
            for handler in self.state_handlers:
                new_state = handler(self, old_state, new_state) or new_state
            if not isinstance(new_state, State):
                raise TypeError(
                    f"a state handler returned {new_state!r}; it should return a State, or None "
                    "to keep the one it was given"
                )
        except (PAUSE, ENDRUN):
            raise
        except PrefectStateSignal as exc:
            if ambient.get("raise_on_exception"):
                raise
            return exc.state
        except Exception as exc:
            if ambient.get("raise_on_exception"):
                raise
            message = f"Unexpected error while calling state handlers: {exc!r}"
            self.logger.exception(message)
            raise ENDRUN(Failed(message, result=exc)) from exc
        return new_state
