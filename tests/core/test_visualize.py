"""Drawings: nodes, lines, colours, and mapped children."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from prefect_results import Flow, Task, task, unmapped
from prefect_results.core import visualize
from prefect_results.states import Failed, Mapped, Success

graphviz = pytest.importorskip("graphviz")


@pytest.fixture(autouse=True)
def never_show(monkeypatch: pytest.MonkeyPatch) -> None:
    """No window opens."""
    monkeypatch.setattr(visualize, "_show", lambda graph, module: None)


@task
def inc(x, y=1):
    """Add."""
    return x + y


def mapped_flow() -> tuple[Flow, Task, Task, Task]:
    """Numbers, mapped, and reduced."""
    with Flow("f") as flow:
        numbers = Task(name="numbers")()
        mapped = inc.map(numbers, y=unmapped(numbers))
        total = inc(mapped)
    return flow, numbers, mapped, total


def test_tasks_and_edges() -> None:
    """Mapped tasks are boxes with dashed lines."""
    flow, *_ = mapped_flow()
    source = flow.visualize().source
    assert source.count("shape=box") == 1 and source.count("shape=ellipse") == 2
    assert "inc <map>" in source and "style=dashed" in source and "label=x" in source
    assert "rankdir" not in source
    assert "rankdir=LR" in flow.visualize(horizontal=True).source


def test_states_colour_the_nodes() -> None:
    """Half transparent; a task without a state is black."""
    flow, numbers, mapped, _ = mapped_flow()
    state = Success(result={numbers: Success(), mapped: Failed()})
    source = flow.visualize(flow_state=state).source
    for colour in (Success.color, Failed.color, "#000000"):
        assert f'color="{colour}80"' in source
    assert source.count("colorscheme=svg") == 3


def test_children_are_drawn() -> None:
    """A node for each child, lines to each from upstream and to what reduces them."""
    flow, numbers, mapped, total = mapped_flow()
    children = Mapped(map_states=[Success(), Failed(), Success()])
    state = Success(result={numbers: Success(), mapped: children, total: Success()})
    source = flow.visualize(flow_state=state).source
    assert source.count("shape=box") == 3 and source.count("inc <map>") == 3
    for at in range(3):
        assert f"{id(numbers)} -> {id(mapped)}{at}" in source
        assert f"{id(mapped)}{at} -> {id(total)}" in source
    assert source.count("->") == 9


def test_children_of_mapped_tasks_in_a_row() -> None:
    """Child by child."""
    with Flow("f") as flow:
        a = inc.map([1, 2])
        b = inc.map(a)
    state = flow.run()
    source = flow.visualize(flow_state=state).source
    assert f"{id(a)}0 -> {id(b)}0" in source and f"{id(a)}1 -> {id(b)}1" in source


def test_names_are_escaped() -> None:
    """Graphviz would take `<lambda>` for HTML."""
    with Flow("f") as flow:
        task(lambda: 1)()
    assert "<lambda>" in flow.visualize().source


def test_files_are_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the given name and format."""
    rendered: list[Any] = []
    monkeypatch.setattr(
        graphviz.Digraph, "render", lambda self, *args, **kwargs: rendered.append((args, kwargs))
    )
    Flow("f").visualize(filename=str(tmp_path / "x"), format="png")
    assert rendered == [((str(tmp_path / "x"),), {"view": False, "format": "png", "cleanup": True})]


def test_without_graphviz_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says what to install."""
    monkeypatch.setitem(sys.modules, "graphviz", None)
    with pytest.raises(ImportError, match=r"pip install 'prefect_results\[viz\]'") as caught:
        Flow("f").visualize()
    assert "pip install 'prefect[viz]'" in str(caught.value)
