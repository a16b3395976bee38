"""The calls that are submitted to executors: one task run, or a batch of mapped children.

Not here: what is submitted when (see `dispatch`).
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from prefect_results.context import context as ambient
from prefect_results.engine import mapping
from prefect_results.engine.batches import Batch, States
from prefect_results.engine.children import ChildInputs, Elements, Same, Upstream
from prefect_results.engine.direct import value_is_here
from prefect_results.engine.inputs import with_loaded_results
from prefect_results.executors.local import LocalExecutor
from prefect_results.states import Mapped, State

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from prefect_results.core import Edge, Task
    from prefect_results.engine.environment import RunEnvironment
    from prefect_results.engine.runner import Handler
    from prefect_results.results import Result


def run_task(
    task: Task,
    state: State | None,
    upstream_states: dict[Edge, State],
    context: dict[str, Any],
    flow_result: Result | None,
    task_runner_cls: Any,
    task_runner_state_handlers: Sequence[Handler] | None,
    upstream_mapped_states: Mapping[Edge, Sequence[State]],
    is_mapped_parent: bool = False,
) -> State:
    """Run one task; the function that is submitted to executors.

    Args:
        task: the task.
        state: the state to start from.
        upstream_states: the states of the tasks that this one depends on, by edge.
        context: the whole context of the run.
        flow_result: the flow's result.
        task_runner_cls: the class that runs the task.
        task_runner_state_handlers: its state handlers.
        upstream_mapped_states: the children of mapped upstream tasks that this one reduces.
        is_mapped_parent: whether this is the run of a mapped task that only finds out how many
            children there are.

    Returns:
        The state the task run ended in.
    """
    with ambient(context):
        for edge, upstream in upstream_states.items():
            if isinstance(upstream, Mapped) and not edge.mapped:
                upstream.map_states = upstream_mapped_states.get(edge, upstream.map_states)  # type: ignore[assignment]
                upstream.result = [child.result for child in upstream.map_states]
        runner = task_runner_cls(
            task=task, state_handlers=task_runner_state_handlers, flow_result=flow_result
        )
        final: State = runner.run(
            state=state,
            upstream_states=upstream_states,
            is_mapped_parent=is_mapped_parent,
            context=context,
        )
        return final


def run_job(
    environment: RunEnvironment,
    name: str,
    upstream: Sequence[State],
    reduced: Mapping[int, Sequence[Any]],
    state: State | None = None,
    index: int | None = None,
    is_mapped_parent: bool = False,
) -> State:
    """Run one task of a flow run whose environment is here already.

    Args:
        environment: of the flow run.
        name: of the job.
        upstream: an upstream state for each edge of the job.
        reduced: by the position of the edge, states and batches of states of the children of a
            mapped upstream task.
        state: the state to start from.
        index: the map index of a mapped child.
        is_mapped_parent: see `run_task`.

    Returns:
        The state the task run ended in.
    """
    job = environment.jobs[name]
    states = {**dict(zip(job.edges, upstream, strict=True)), **job.constants}
    children = {job.edges[position]: _together(parts) for position, parts in reduced.items()}
    for edge, parts in children.items():
        states[edge] = _with_children(states[edge], parts)
    direct = environment.direct(name)
    if direct is not None and state is None and not is_mapped_parent:
        states = with_loaded_results(states)
        if all(value_is_here(up) for up in states.values()):
            values = {edge.key: up.result for edge, up in states.items() if edge.key is not None}
            return direct.run(values, lambda: states, index)
    context = environment.context_of(job)
    if index is not None:
        context["map_index"] = index
    return run_task(
        task=job.task,
        state=state,
        upstream_states=states,
        context=context,
        flow_result=environment.flow_result,
        task_runner_cls=environment.runner_cls,
        task_runner_state_handlers=environment.handlers,
        upstream_mapped_states=children,
        is_mapped_parent=is_mapped_parent,
    )


def run_batch(
    environment: RunEnvironment,
    name: str,
    start: int,
    stop: int,
    upstream: Sequence[Sequence[Any]],
) -> Batch:
    """Run consecutive children of a plain mapped task.

    Args:
        environment: of the flow run.
        name: of the job; it has a short way.
        start: map index of the first child.
        stop: map index behind the last one.
        upstream: for each edge of the job what the children get: `("same", state)`,
            `("items", state, values)` or `("children", (batch, from, to), ...)`.

    Returns:
        Their states.
    """
    started = time.perf_counter()
    job = environment.jobs[name]
    sources: dict[Edge, Any] = {
        edge: _source(*given) for edge, given in zip(job.edges, upstream, strict=True)
    }
    sources.update((edge, Same(state)) for edge, state in job.constants.items())
    inputs = ChildInputs(sources)
    direct = environment.direct(name)
    batch = Batch(list(job.task.tags))
    for position in range(stop - start):
        index = start + position
        values = inputs.values(position)
        if values is not None and direct is not None:
            state = direct.run(values, inputs.upstream_at(position), index)
        else:
            states = [inputs.sources[edge](position) for edge in job.edges]
            state = run_job(environment, name, states, {}, index=index)
        batch.add(state)
    batch.seconds = time.perf_counter() - started
    return batch


def _source(kind: str, *given: Any) -> Any:
    if kind == "same":
        return Same(given[0])
    if kind == "items":
        return Elements(*given)
    return Upstream([state for batch, low, high in given for state in batch[low:high]])


def _together(parts: Sequence[Any]) -> Sequence[State]:
    """One sequence of states, of states and batches of them."""
    if all(isinstance(part, State) for part in parts):
        return parts
    return States([[part] if isinstance(part, State) else part for part in parts])


def _with_children(state: State, children: Sequence[State]) -> State:
    whole = Mapped(state.message, map_states=children, context=state.context)  # type: ignore[arg-type]
    whole.result = (
        children.all_values()
        if isinstance(children, States)
        else [child.result for child in children]
    )
    return whole


def flat_states(parts: Sequence[Any]) -> list[State]:
    """The states of each item of each child's value; see `mapping.flatten_mapped_children`."""
    return mapping.flatten_mapped_children(_together(parts), LocalExecutor())
