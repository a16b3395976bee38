"""The ambient context."""

from __future__ import annotations

import copy
import pickle
import sys
import threading

import cloudpickle
import pytest

from prefect_results.collections import DotDict
from prefect_results.configuration import Config, config
from prefect_results.context import Context, Deferred, context


def in_thread(fn):
    """Call a function in a new thread and return what it returns."""
    out = []
    thread = threading.Thread(target=lambda: out.append(fn()))
    thread.start()
    thread.join()
    return out[0]


def test_variables_from_dict_and_keywords():
    """A block takes a mapping, pairs and keywords, and gives the context."""
    with context({"x": 1}, y=2) as inner:
        assert inner is context
        assert (context.x, context["y"], context.get("z", 3)) == (1, 2, 3)
    assert "x" not in context
    with pytest.raises(AttributeError):
        context.x
    with pytest.raises(KeyError):
        context["x"]


def test_nested_blocks_restore_what_was():
    """Each block gives back the context as it found it, also after an error."""
    with context(a=1):
        with pytest.raises(ZeroDivisionError), context(a=2, b=3):
            assert context.a == 2
            1 / 0
        assert context.a == 1
        assert "b" not in context


def test_changes_inside_a_block_end_with_it():
    """Assigning, deleting, updating and clearing inside a block are undone."""
    with context(a=1, gone=2):
        with context(x=1):
            context.a = 5
            context["y"] = 6
            del context.gone
            context.update(z=7)
            assert (context.a, context.y, context.z) == (5, 6, 7)
            context.clear()
            assert len(context) == 0
        assert context.a == 1
        assert context.gone == 2
        assert "z" not in context


def test_setdefault_and_pop():
    """The mapping's methods work on the current thread's variables."""
    with context():
        assert context.setdefault("x", 5) == 5
        assert context.setdefault("x", 6) == 5
        assert context.pop("x") == 5
        assert context.pop("x", None) is None
        with pytest.raises(AttributeError):
            del context.x


def test_it_is_a_mapping():
    """It can be splatted, iterated, copied and turned into plain dictionaries."""
    with context(a=DotDict(b=1)):
        assert isinstance(context, DotDict)
        assert {**context}["a"].b == 1
        assert set(context) == set(context.keys()) == set(vars(context))
        assert context.to_dict()["a"] == {"b": 1}
        assert type(context.to_dict()["config"]) is dict
        other = context.copy()
        other.a = 2
        assert context.a.b == 1
        assert "a" in dir(context)


def test_repr_shows_no_values():
    """The context may hold secrets: its repr says nothing of them."""
    assert repr(context) == "<Context>"


def test_decorator():
    """A block can decorate a function, and is entered anew at each call."""

    @context(x=1)
    def read():
        return context.x

    assert read() == read() == 1
    assert "x" not in context


def test_starts_from_the_configuration(monkeypatch):
    """A fresh context holds the `context` section, its arguments and the configuration."""
    settings = Config(context={"my_key": "my_value", "secrets": {"P": 1}})
    monkeypatch.setattr(sys.modules[Context.__module__], "config", settings)
    fresh = Context(mine=2)
    assert fresh.my_key == "my_value"
    assert fresh.secrets == {"P": 1}
    assert fresh.mine == 2
    assert fresh.config == settings


def test_config_in_a_block_is_merged():
    """Settings given to a block are merged into the current ones, which stay as they are."""
    with context(config={"logging": {"level": "LOUD", "new": 1}}):
        assert context.config.logging.level == "LOUD"
        assert context.config.logging.format == config.logging.format
        with context(config={"logging": {"new": 2}}):
            assert context.config.logging.level == "LOUD"
            assert context.config.logging.new == 2
    assert context.config is config
    assert "new" not in config.logging
    assert Context(config={"debug": 5}).config.debug == 5


def test_threads_do_not_share():
    """A new thread starts from the configuration and changes nothing for others."""

    def other():
        seen = "mine" in context, "config" in context
        context.theirs = 1
        return seen

    with context(mine=1):
        assert in_thread(other) == (False, True)
        assert "theirs" not in context


@pytest.mark.parametrize(
    "dump", [pickle.dumps, cloudpickle.dumps, copy.copy, copy.deepcopy, lambda c: c.__getstate__()]
)
def test_it_cannot_be_pickled(dump):
    """Freezing the context is refused, with the words of Prefect 1.4.1."""
    with pytest.raises(TypeError, match="The context cannot be pickled"):
        dump(context)


def test_swap_installs_a_dictionary():
    """The engine puts its own dictionary in place, and puts the old one back."""
    mine = {"x": 1}
    before = context.swap(mine)
    try:
        assert context.current() is mine
        context.y = 2
        assert mine == {"x": 1, "y": 2}
        assert "config" not in context
    finally:
        assert context.swap(before) is mine
    assert context.current() is before


def test_deferred_is_computed_once_at_first_access():
    """A deferred value is computed when read, once for all copies of the context."""
    calls = []
    value = Deferred(lambda: calls.append(1) or "now")
    with context(lazy=value):
        assert "lazy" in context
        assert not calls
        with context(other=1):
            assert context.lazy == "now"
            assert context.current()["lazy"] == "now"
        assert context.get("lazy") == context["lazy"] == dict(context)["lazy"] == "now"
    assert calls == [1]


def test_deferred_error_is_not_remembered():
    """If computing fails, the error is passed on and the next access tries again."""
    answers = iter([ZeroDivisionError(), 5])

    def compute():
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    with context(lazy=Deferred(compute)):
        with pytest.raises(ZeroDivisionError):
            context.lazy
        assert context.lazy == 5
