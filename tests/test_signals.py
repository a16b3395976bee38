"""Signals and the states they make."""

from __future__ import annotations

import pickle
from datetime import datetime, timedelta, timezone

import pytest

from prefect_results import signals, states
from prefect_results.exceptions import PrefectSignal
from prefect_results.signals import ENDRUN, LOOP, PrefectStateSignal, signal_from_state
from prefect_results.states import State

PAIRS = {
    signals.FAIL: states.Failed,
    signals.TRIGGERFAIL: states.TriggerFailed,
    signals.VALIDATIONFAIL: states.ValidationFailed,
    signals.SUCCESS: states.Success,
    signals.RETRY: states.Retrying,
    signals.SKIP: states.Skipped,
    signals.PAUSE: states.Paused,
    signals.LOOP: states.Looped,
    PrefectStateSignal: State,
}


@pytest.mark.parametrize(("signal", "state"), PAIRS.items())
def test_signal_makes_its_state(signal, state):
    """Each signal has a state of its class with its message, and escapes `except Exception`."""
    with pytest.raises(PrefectSignal) as info:
        raise signal("words")
    assert type(info.value.state) is state
    assert info.value.state.message == "words"
    assert str(info.value) == "words"
    assert not isinstance(info.value, Exception)


@pytest.mark.parametrize("signal", [s for s in PAIRS if s is not LOOP])
def test_signal_is_the_result_by_default(signal):
    """The state's result is the signal, unless another is given."""
    raised = signal("words")
    assert raised.state.result is raised
    assert signal(result=5).state.result == 5
    assert signal("words", 5).state.result == 5


def test_loop_never_has_itself_as_result():
    """What a loop passes on can be written: text by default."""
    assert LOOP("words").state.result == repr(LOOP("words"))
    assert LOOP(result=5).state.result == 5


def test_message_is_optional():
    """Without a message the state has none."""
    assert signals.FAIL().state.message is None


def test_retry_takes_a_start_time():
    """Arguments of the state's class are passed on."""
    when = datetime.now(timezone.utc) + timedelta(1)
    assert signals.RETRY(start_time=when).state.start_time == when


def test_unknown_argument_is_an_error():
    """What the state's class does not take is refused."""
    with pytest.raises(TypeError):
        signals.SUCCESS(not_an_argument=1)


def test_endrun_carries_a_state():
    """ENDRUN has the state that it was given, also after pickling."""
    state = states.Failed("no")
    assert ENDRUN(state).state is state
    assert pickle.loads(pickle.dumps(ENDRUN(state))).state.message == "no"


def test_signals_travel():
    """A raised signal can be pickled with its state."""
    copy = pickle.loads(pickle.dumps(signals.FAIL("words", result=5)))
    assert type(copy.state) is states.Failed
    assert (copy.state.message, copy.state.result) == ("words", 5)


@pytest.mark.parametrize(
    ("signal", "state"), [(s, c) for s, c in PAIRS.items() if s is not PrefectStateSignal]
)
def test_signal_from_state(signal, state):
    """The signal of a state's class is found."""
    assert signal_from_state(state()) is signal


@pytest.mark.parametrize("state", [states.Pending, states.Running, states.TimedOut])
def test_signal_from_state_without_signal(state):
    """For other states that is an error."""
    with pytest.raises(ValueError, match="No signal matches the provided state"):
        signal_from_state(state())
