"""What the states are: the family, what each answers and takes, and how it looks."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from prefect_results import states
from prefect_results.states import State

# Of Prefect 1.4.1: the class, its parent, its colour, and the questions that it answers with yes.
FAMILY = [
    ("Pending", "State", "#7ebdff", "pending"),
    ("Scheduled", "Pending", "#ffab00", "pending scheduled"),
    ("Paused", "Scheduled", "#99a8e8", "pending scheduled"),
    ("Resume", "Scheduled", "#f58c0c", "pending scheduled"),
    ("Retrying", "Scheduled", "#f66a0a", "pending scheduled retrying"),
    ("ClientFailed", "_MetaState", "#eb0000", "meta_state"),
    ("Submitted", "_MetaState", "#ffdf5d", "meta_state submitted"),
    ("Queued", "_MetaState", "#ffea7f", "meta_state queued scheduled"),
    ("Running", "State", "#3d67ff", "running"),
    ("Cancelling", "Running", "#E8E8E8", "running"),
    ("Finished", "State", "#003ccb", "finished"),
    ("Looped", "Finished", "#003ccb", "finished looped"),
    ("Success", "Finished", "#28a745", "finished successful"),
    ("Cached", "Success", "#34d058", "finished successful cached"),
    ("Mapped", "Success", "#003ccb", "finished successful mapped"),
    ("Skipped", "Success", "#62757f", "finished successful skipped"),
    ("Cancelled", "Finished", "#bdbdbd", "finished"),
    ("Failed", "Finished", "#eb0000", "finished failed"),
    ("TimedOut", "Failed", "#ff4e33", "finished failed"),
    ("TriggerFailed", "Failed", "#ff5131", "finished failed"),
    ("ValidationFailed", "Failed", "#ff5131", "finished failed"),
]
QUESTIONS = (
    "pending queued retrying running cached finished looped scheduled submitted skipped "
    "successful failed mapped meta_state"
).split()
# The order of positional arguments, where it is not that of State.
ARGUMENTS = {
    "State": "message result context cached_inputs",
    "Pending": "message result cached_inputs context",
    "Scheduled": "message result start_time cached_inputs context",
    "Paused": "message result start_time cached_inputs context",
    "Resume": "message result start_time cached_inputs context",
    "Retrying": "message result start_time cached_inputs context run_count",
    "ClientFailed": "message result state context cached_inputs",
    "Submitted": "message result state context cached_inputs",
    "Queued": "message result state start_time context cached_inputs",
    "Looped": "message result loop_count context cached_inputs",
    "Cached": (
        "message result cached_inputs cached_parameters cached_result_expiration context "
        "hashed_inputs"
    ),
    "Mapped": "message result map_states context cached_inputs n_map_states",
    "Failed": "message result cached_inputs context",
    "TimedOut": "message result cached_inputs context",
    "TriggerFailed": "message result cached_inputs context",
    "ValidationFailed": "message result cached_inputs context",
}


def named(name: str) -> Any:
    """Returns the class of a name."""
    return getattr(states, name)


@pytest.mark.parametrize(("name", "parent", "color", "answers"), FAMILY)
def test_family(name: str, parent: str, color: str, answers: str) -> None:
    """Each class has its parent, its colour, its answers and its order of arguments."""
    kind = named(name)
    assert kind.__bases__ == (named(parent),)
    assert kind.color == color
    state = kind()
    assert [one for one in QUESTIONS if getattr(state, f"is_{one}")()] == [
        one for one in QUESTIONS if one in answers.split()
    ]
    expected = ARGUMENTS.get(name, ARGUMENTS["State"]).split()
    assert list(inspect.signature(kind).parameters) == expected


def test_family_is_complete() -> None:
    """There are these classes, and no others."""
    own = {one.__name__ for one in State.children() if one.__module__.startswith("prefect_results")}
    assert own == {name for name, *_ in FAMILY}


def test_children_and_parents() -> None:
    """A class tells its relatives, private ones left out, itself last if asked to."""
    assert set(states.Failed.children(names_only=True)) >= {
        "TimedOut",
        "TriggerFailed",
        "ValidationFailed",
    }
    assert states.Retrying.children(include_self=True) == [states.Retrying]
    assert states.Retrying.parents() == [states.Scheduled, states.Pending, State]
    assert states.Queued.parents(names_only=True) == ["State"]
    assert states.Queued.parents(include_self=True)[-1] is states.Queued
    assert states.Submitted in State.children()
    assert states._MetaState not in State.children()


@pytest.mark.parametrize("name", [name for name, *_ in FAMILY])
def test_repr(name: str) -> None:
    """A state shows its class and message, whatever the message is."""

    class Broken:
        def __str__(self) -> str:
            raise ValueError

    kind = named(name)
    assert repr(kind()) == f"<{name}>"
    assert repr(kind("words")) == f'<{name}: "words">'
    assert repr(kind(ValueError("oops"))) == f'<{name}: "oops">'
    assert repr(kind(Broken())) == f'<{name}: "Broken that cannot be shown">'


def test_subclasses_answer_for_their_parents() -> None:
    """A user's own state answers as what it derives from."""

    class Broken(states.Failed):
        pass

    assert Broken().is_failed()
    assert Broken().is_finished()
    assert not Broken().is_successful()
