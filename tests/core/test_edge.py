"""Edges: what they connect, how annotations change them, and when they are equal."""

from __future__ import annotations

import pickle

import cloudpickle
import pytest

from prefect_results import Flow, Task, flatten, mapped, unmapped
from prefect_results.core import Edge, EdgeAnnotation
from prefect_results.core.edge import is_valid_identifier


def test_edges_take_tasks_and_values() -> None:
    """A value becomes a task; without flags an edge is neither mapped nor flattened."""
    t = Task(name="t")
    edge = Edge(1, t, key="k")
    assert edge.upstream_task.value == 1 and edge.downstream_task is t  # type: ignore[attr-defined]
    assert (edge.key, edge.mapped, edge.flattened) == ("k", False, False)
    assert edge.tasks == {edge.upstream_task, t}
    assert repr(edge) == "<Edge(key=k, mapped=False, flattened=False): 1 to t>"


def test_an_edge_needs_two_tasks() -> None:
    """A task cannot wait for itself."""
    t = Task()
    with pytest.raises(ValueError, match="Edges can not connect a task to itself"):
        Edge(t, t)


@pytest.mark.parametrize("key", ["test!", "hi there", "1", "class", 1, ""])
def test_keys_are_identifiers(key: object) -> None:
    """They are the names of arguments."""
    with pytest.raises(ValueError, match="Key must be a valid identifier"):
        Edge(Task(), Task(), key=key)  # type: ignore[arg-type]


def test_identifiers() -> None:
    """Keywords and text that begins with a digit are none."""
    assert is_valid_identifier("hi5")
    assert not any(map(is_valid_identifier, ["5hi", "from", "hi.5", ""]))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (mapped(1), (True, False)),
        (unmapped(1), (False, False)),
        (flatten(1), (False, True)),
        (mapped(flatten(1)), (True, True)),
        (flatten(unmapped(1)), (False, True)),
        (unmapped(mapped(1)), (True, False)),
    ],
)
def test_annotations(value: EdgeAnnotation, expected: tuple[bool, bool]) -> None:
    """They say how the edge is; nested, the inner one has the last word."""
    edge = Edge(value, Task())
    assert (edge.mapped, edge.flattened) == expected
    assert value.value == 1
    assert Edge(unmapped(1), Task(), mapped=True).mapped is False


def test_annotations_do_not_share() -> None:
    """Each instance has annotations of its own."""
    a = mapped(1)
    a.annotations["flattened"] = True
    assert mapped(1).annotations == {"mapped": True}
    assert EdgeAnnotation(1).annotations == {}
    assert repr(mapped(flatten(1))) == "mapped(1)"


def test_equality() -> None:
    """Everything counts: both tasks, key, mapped, flattened."""
    a, b = Task(), Task()
    assert Edge(a, b) == Edge(a, b) and hash(Edge(a, b)) == hash(Edge(a, b))
    assert len({Edge(a, b), Edge(a, b), Edge(b, a), Edge(a, b, key="k")}) == 3
    assert Edge(a, b) != Edge(a, b, mapped=True) != Edge(a, b, flattened=True)
    assert Edge(a, b) != 1


def test_edges_pickle_with_their_tasks() -> None:
    """The hash belongs to the tasks of the process, so it is computed anew."""
    edge = Edge(Task(name="a"), Task(name="b"), key="k", mapped=True)
    for copy in (pickle.loads(pickle.dumps(edge)), cloudpickle.loads(cloudpickle.dumps(edge))):
        assert repr(copy) == repr(edge)
        assert copy == Edge(copy.upstream_task, copy.downstream_task, "k", True)
        assert copy in {Edge(copy.upstream_task, copy.downstream_task, "k", True)}


def test_edges_bind_collections_in_the_flow_they_are_given() -> None:
    """A list of tasks becomes a task of that flow."""
    flow = Flow("f")
    edge = Edge([Task(), 1], Task(), flow=flow)
    assert edge.upstream_task in flow.tasks


def test_serialization() -> None:
    """An edge names its tasks by their slugs."""
    serialized = Edge(Task(slug="a"), Task(slug="b"), key="k", mapped=True).serialize()
    assert serialized.pop("__version__")
    assert serialized.pop("upstream_task")["slug"] == "a"
    assert serialized.pop("downstream_task")["slug"] == "b"
    assert serialized == {"key": "k", "mapped": True, "flattened": False}
