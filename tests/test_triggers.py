"""Which upstream states let a task run."""

from __future__ import annotations

import pytest

from prefect_results import signals, triggers
from prefect_results.context import context
from prefect_results.states import (
    Failed,
    Mapped,
    Pending,
    Retrying,
    Skipped,
    Success,
    TriggerFailed,
)

OK = {"s1": Success, "s2": Success}
MIXED = {"s": Success, "f": Failed}
STATES = {
    "none": {},
    "all successful": OK,
    "all failed": {"f1": Failed, "f2": TriggerFailed},
    "mixed": MIXED,
    "skipped and successful": {"k": Skipped, "s": Success},
    "all skipped": {"k1": Skipped, "k2": Skipped},
    "pending": {"s": Success, "p": Pending, "r": Retrying},
}
RUNS = {
    "all_finished": set(STATES) - {"pending"},
    "all_successful": {"none", "all successful", "skipped and successful", "all skipped"},
    "all_failed": {"none", "all failed"},
    "any_successful": set(STATES) - {"all failed"},
    "any_failed": {"none", "all failed", "mixed"},
    "not_all_skipped": {"all successful", "skipped and successful"},
}


def made(classes):
    """Return fresh states by edge."""
    return {edge: cls() for edge, cls in classes.items()}


@pytest.mark.parametrize("which", STATES)
@pytest.mark.parametrize("name", RUNS)
def test_trigger_runs_or_raises(name, which):
    """Each trigger returns True or raises the signal of the task's state."""
    trigger = getattr(triggers, name)
    if which in RUNS[name]:
        assert trigger(made(STATES[which])) is True
        return
    skips = name == "not_all_skipped" and which in ("none", "all skipped")
    expected = signals.SKIP if skips else signals.TRIGGERFAIL
    words = "All upstreams were skipped" if skips else f'Trigger was "{name}" but '
    with pytest.raises(expected, match=words):
        trigger(made(STATES[which]))


@pytest.mark.parametrize("name", RUNS)
def test_mapped_counts_as_its_children(name):
    """A trigger sees the children of a mapped upstream task, not the Mapped state."""
    trigger = getattr(triggers, name)
    for classes in STATES.values():
        children = [cls() for cls in classes.values()]

        def outcome(states, trigger=trigger):
            try:
                return trigger(states)
            except signals.PrefectStateSignal as signal:
                return type(signal), signal.state.message

        if children:
            assert outcome({"m": Mapped(map_states=children)}) == outcome(made(classes))


def test_any_trigger_with_nothing_mapped():
    """A mapped task without children has no successes and no failures."""
    nothing = {"m": Mapped(map_states=[])}
    assert triggers.all_successful(nothing)
    with pytest.raises(signals.TRIGGERFAIL):
        triggers.any_successful(nothing)
    with pytest.raises(signals.TRIGGERFAIL):
        triggers.any_failed(nothing)


def test_manual_only():
    """The task pauses until the context says that it is resumed."""
    with pytest.raises(signals.PAUSE, match='Trigger function is "manual_only"'):
        triggers.manual_only(made(OK))
    with context(resume=True):
        assert triggers.manual_only(made(MIXED)) is True


def test_always_run_is_an_alias():
    """`always_run` is `all_finished`."""
    assert triggers.always_run is triggers.all_finished


def test_skip_has_no_result():
    """A task skipped by `not_all_skipped` has no result, not the signal."""
    with pytest.raises(signals.SKIP) as info:
        triggers.not_all_skipped(made(STATES["all skipped"]))
    assert info.value.state.result is None


FOUR = {"s1": Success, "s2": Success, "k": Skipped, "f": Failed}


@pytest.mark.parametrize(
    ("bounds", "successful", "failed"),
    [
        ({}, True, True),
        ({"at_least": 1}, True, True),
        ({"at_least": 3}, True, False),
        ({"at_least": 4}, False, False),
        ({"at_most": 1}, False, True),
        ({"at_most": 3}, True, True),
        ({"at_least": 0.5}, True, False),
        ({"at_least": 0.25, "at_most": 0.25}, False, True),
        ({"at_least": 0.75, "at_most": 3}, True, False),
        ({"at_most": 0}, False, False),
    ],
)
def test_thresholds(bounds, successful, failed):
    """Bounds are inclusive, below 1 they are a share; three of four succeeded, one failed."""
    for factory, runs in ((triggers.some_successful, successful), (triggers.some_failed, failed)):
        trigger = factory(**bounds)
        assert trigger({}) is True
        if runs:
            assert trigger(made(FOUR)) is True
            assert trigger({"m": Mapped(map_states=list(made(FOUR).values()))}) is True
        else:
            words = f'Trigger was "{factory.__name__}" but thresholds were not met'
            with pytest.raises(signals.TRIGGERFAIL, match=words):
                trigger(made(FOUR))
