"""Drawing a flow with Graphviz, an optional dependency (extra ``viz``)."""

from __future__ import annotations

import os
import tempfile
from typing import TYPE_CHECKING

from prefect_results.exceptions import MissingExtra

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import ModuleType
    from typing import Any

    from prefect_results.core.edge import Edge
    from prefect_results.core.flow import Flow
    from prefect_results.core.task import Task
    from prefect_results.states import State

NO_STATE = "#000000"
TRANSPARENCY = "80"


def visualize(
    flow: Flow,
    flow_state: State | None = None,
    filename: str | None = None,
    format: str | None = None,
    horizontal: bool = False,
) -> Any:
    """Draw a flow; see :meth:`prefect_results.core.flow.Flow.visualize`."""
    graphviz = _import_graphviz()
    graph = graphviz.Digraph()
    if horizontal:
        graph.graph_attr["rankdir"] = "LR"
    drawing = _Drawing(flow, flow_state)
    for task in flow.graph().ordered_tasks():
        for node, colours in drawing.nodes_of(task):
            name = f"{task.name} <map>" if drawing.is_mapped(task) else task.name
            shape = "box" if drawing.is_mapped(task) else "ellipse"
            # Escaped, because Graphviz takes <...> for HTML.
            graph.node(node, graphviz.escape(name), shape=shape, **colours)
    for edge in flow.graph().ordered_edges():
        style = "dashed" if edge.mapped else None
        for up, down in drawing.lines_of(edge):
            graph.edge(up, down, edge.key, style=style)
    if filename:
        graph.render(filename, view=False, format=format, cleanup=True)
    elif not _in_notebook():
        _show(graph, graphviz)
    return graph


class _Drawing:
    """Nodes and lines of one flow; tasks that were mapped in a run are drawn as children."""

    def __init__(self, flow: Flow, flow_state: State | None) -> None:
        links = flow.graph().upstream
        self._mapped = {task for task in flow.tasks if any(edge.mapped for edge in links[task])}
        self._states: dict[Task, State] | None = flow_state.result if flow_state else None

    def is_mapped(self, task: Task) -> bool:
        return task in self._mapped

    def _children(self, task: Task) -> list[Any] | None:
        """The states of a task's children if it was mapped in the run."""
        if self._states is None:
            return None
        state = self._states.get(task)
        return state.map_states if state is not None and state.is_mapped() else None  # type: ignore[attr-defined]

    def nodes_of(self, task: Task) -> Iterable[tuple[str, dict[str, str]]]:
        """Name and colours of each node that stands for a task."""
        children = self._children(task) if self.is_mapped(task) else None
        if children is not None:
            for at, state in enumerate(children):
                yield f"{id(task)}{at}", _colours(state)
        else:
            known = self._states
            yield str(id(task)), {} if known is None else _colours(known.get(task))

    def lines_of(self, edge: Edge) -> Iterable[tuple[str, str]]:
        """Names of the two nodes that each line of an edge connects."""
        up, down = str(id(edge.upstream_task)), str(id(edge.downstream_task))
        up_mapped, down_mapped = map(self.is_mapped, (edge.upstream_task, edge.downstream_task))
        children = None
        if down_mapped:
            children = self._children(edge.downstream_task)
        elif up_mapped:
            children = self._children(edge.upstream_task)
        if children is None:
            yield up, down
            return
        up_children = self._children(edge.upstream_task) if up_mapped else None
        for at in range(len(children)):
            from_child = up_children is not None
            yield f"{up}{at}" if from_child else up, f"{down}{at}" if down_mapped else down


def _colours(state: Any) -> dict[str, str]:
    colour = NO_STATE if state is None else state.color
    return {"color": colour + TRANSPARENCY, "style": "filled", "colorscheme": "svg"}


def _import_graphviz() -> ModuleType:
    try:
        import graphviz
    except ImportError as exc:
        raise MissingExtra(
            "This feature requires graphviz.\n"
            "Try re-installing prefect with `pip install 'prefect_results[viz]'`, which is here "
            "what `pip install 'prefect[viz]'` was for Prefect 1.4.1"
        ) from exc
    return graphviz  # type: ignore[no-any-return]


def _in_notebook() -> bool:
    try:
        from IPython import get_ipython  # type: ignore[import-not-found,unused-ignore]

        return get_ipython().config.get("IPKernelApp") is not None
    except Exception:
        return False


def _show(graph: Any, graphviz: ModuleType) -> None:
    with tempfile.NamedTemporaryFile(delete=False) as file:
        file.close()
        try:
            graph.render(file.name, view=True)
        except graphviz.backend.ExecutableNotFound as exc:
            raise graphviz.backend.ExecutableNotFound(
                "It appears you do not have Graphviz installed, or it is not on your PATH. Please "
                "install Graphviz from http://www.graphviz.org/download/. And note: just "
                "installing the `graphviz` python package is not sufficient!"
            ) from exc
        finally:
            os.unlink(file.name)
