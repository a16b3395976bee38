"""Many results are read at a time, in order, within bounds."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from prefect_results.context import context
from prefect_results.exceptions import NotFound
from prefect_results.results import LocalResult, Result
from prefect_results.results.reading import read_many
from prefect_results.states import Mapped, Success


class Meeting(Result):
    """Counts how many are read at a time, and has each wait for others where it should."""

    def __init__(self, barrier: threading.Barrier | None = None, **kwargs: Any) -> None:
        self.barrier = barrier
        super().__init__(**kwargs)

    def read(self, location: str) -> Result:
        """Return the location's number."""
        if self.barrier is not None:
            self.barrier.wait(20)
        new = self.copy()
        new.value = int(location)
        return new


def test_values_come_in_order(tmp_path: Path) -> None:
    """Results, serialized or not, and locations are read in the order in which they are given."""
    template = LocalResult(dir=str(tmp_path), location="{n}.pkl")
    written = [template.write(n, n=n) for n in range(50)]
    mixed = [w if n % 2 else w.serialize() for n, w in enumerate(written)]
    assert list(read_many(mixed, 4)) == list(range(50))
    assert list(read_many([f"{n}.pkl" for n in range(50)], template=template)) == list(range(50))
    assert list(read_many(written, 1)) == list(range(50))
    assert list(read_many([])) == []


def test_they_are_read_at_the_same_time() -> None:
    """As many as there are workers are being read at once."""
    together = Meeting(threading.Barrier(4))
    assert list(read_many(map(str, range(8)), 4, template=together)) == list(range(8))


def test_no_more_bytes_are_in_flight_than_allowed(tmp_path: Path) -> None:
    """What would be too much together is read one after the other."""
    begun: list[int] = []

    class Counted(Meeting):
        size = 100

        def read(self, location: str) -> Result:
            begun.append(int(location))
            return super().read(location)

    results = [Counted(location=str(n), serialized=True) for n in range(10)]
    values = read_many(results, 8, 250)
    assert begun == []
    assert next(values) == 0
    assert len(begun) <= 3
    assert list(values) == list(range(1, 10))


def test_the_first_error_ends_it(tmp_path: Path) -> None:
    """What cannot be read is an error when its turn comes; nothing is begun after it."""
    template = LocalResult(dir=str(tmp_path), location="{n}")
    locations = [template.write(n, n=n).location for n in range(3)]
    values = read_many([*locations, "none", *locations], 2, template=template)
    assert [next(values) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(NotFound, match="none"):
        next(values)


def test_threads_have_the_context_of_the_caller() -> None:
    """A worker finds the secrets that the caller has."""

    class Asking(Meeting):
        def read(self, location: str) -> Result:
            new = self.copy()
            new.value = context.secrets["KEY"]
            return new

    with context(secrets={"KEY": "x"}):
        assert list(read_many(["1", "2", "3"], template=Asking())) == ["x"] * 3


def test_a_location_needs_a_template() -> None:
    """A location alone does not say who reads it."""
    with pytest.raises(TypeError, match="template"):
        read_many(["x"])


def test_children_of_a_mapped_state_are_loaded_together() -> None:
    """Where reading means to wait, the children's values are read at the same time."""
    barrier = threading.Barrier(4)

    class Far(Meeting):
        _far = True

    children = [
        Success(result=Far(barrier, location=str(n), serialized=True)._seal()) for n in range(4)
    ]
    state = Mapped(map_states=[*children, None])
    assert state.load_result().result == [0, 1, 2, 3, None]
