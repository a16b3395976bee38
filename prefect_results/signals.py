"""Signals: raised in a task, a trigger or a flow to end the run in a state of one's choice.

What belongs here: one signal per state that user code may ask for. What does not: the bases
without a state (`prefect_results.exceptions`), and what a runner does with a signal (the engine).
"""

from __future__ import annotations

from typing import Any, ClassVar

from prefect_results import states
from prefect_results.exceptions import PrefectSignal
from prefect_results.states import State


class ENDRUN(PrefectSignal):
    """Stops all processing of a run at once; a Failed state is not even retried.

    Args:
        state: The state that the run ends in.
    """

    def __init__(self, state: State) -> None:
        super().__init__()
        self.state = state


class PrefectStateSignal(PrefectSignal):
    """Base of the signals that make a state.

    Args:
        message: The message of the state; None by default.
        *args: More arguments of the state's class, in its order after `message`.
        **kwargs: The same by name; `result` is the signal itself unless given.
    """

    _state_cls: ClassVar[type[State]] = State

    def __init__(self, message: Any = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(message)
        if not args:
            kwargs.setdefault("result", self)
        self.state = self._state_cls(message, *args, **kwargs)


class FAIL(PrefectStateSignal):
    """The task failed; it is retried if it may be."""

    _state_cls = states.Failed


class LOOP(PrefectStateSignal):
    """The task runs once more, with `result` in the context as `task_loop_result`.

    Args:
        message: The message of the state; None by default.
        *args: More arguments of `Looped`, in its order after `message`.
        **kwargs: The same by name; `result` is the text of the signal unless given.
    """

    _state_cls = states.Looped

    def __init__(self, message: Any = None, *args: Any, **kwargs: Any) -> None:
        if not args:
            # what a loop passes on is written by its result type: a signal cannot be
            kwargs.setdefault("result", repr(self))
        super().__init__(message, *args, **kwargs)


class TRIGGERFAIL(FAIL):
    """The task's trigger did not let it run."""

    _state_cls = states.TriggerFailed


class VALIDATIONFAIL(FAIL):
    """The task's result is not valid."""

    _state_cls = states.ValidationFailed


class SUCCESS(PrefectStateSignal):
    """The task succeeded."""

    _state_cls = states.Success


class RETRY(PrefectStateSignal):
    """The task runs again, at `start_time` if that is given."""

    _state_cls = states.Retrying


class SKIP(PrefectStateSignal):
    """The task is skipped, and by default the tasks that depend on it are too."""

    _state_cls = states.Skipped


class PAUSE(PrefectStateSignal):
    """The task waits until somebody resumes it."""

    _state_cls = states.Paused


def signal_from_state(state: State) -> type[PrefectStateSignal]:
    """Return the signal that makes states of the same class.

    Args:
        state: Any state.

    Raises:
        ValueError: No signal makes such states.
    """
    wanted = type(state).__name__
    unseen = list(PrefectStateSignal.__subclasses__())
    for signal in unseen:
        if signal._state_cls.__name__ == wanted:
            return signal
        unseen.extend(signal.__subclasses__())
    raise ValueError(f"No signal matches the provided state: {state}")
