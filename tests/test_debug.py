"""Aids for developing a flow."""

from __future__ import annotations

import subprocess

import pytest

from prefect_results import Flow, context, task
from prefect_results.debug import is_serializable, raise_on_exception


@task
def divide(x):
    return 1 / x


def test_raise_on_exception():
    """Inside the block a task's error is raised, outside it is a state."""
    with Flow("test") as flow:
        divide(0)
    assert flow.run().is_failed()
    with raise_on_exception():
        assert context.raise_on_exception is True
        with pytest.raises(ZeroDivisionError):
            flow.run()
    assert "raise_on_exception" not in context


class Sticky:
    """Cannot be pickled."""

    def __reduce__(self):
        raise TypeError("sticky")


class Fragile:
    """Can be pickled, not loaded."""

    def __reduce__(self):
        return int, ("not a number",)


def test_is_serializable():
    """An object that a new interpreter can load is serializable."""
    assert is_serializable(lambda: 5) is True
    assert is_serializable(Sticky()) is False
    assert is_serializable(Fragile()) is False
    with pytest.raises(TypeError, match="sticky"):
        is_serializable(Sticky(), raise_on_error=True)
    with pytest.raises(subprocess.CalledProcessError) as info:
        is_serializable(Fragile(), raise_on_error=True)
    assert b"ValueError" in info.value.output
