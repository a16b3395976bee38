"""The calls that are submitted to executors for one task run.

Not here: what is submitted when (see `dispatch`); batches of mapped children (see `batch_calls`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prefect_results.context import context as ambient
from prefect_results.engine.child_states import States, child_values
from prefect_results.engine.inputs import with_loaded_results
from prefect_results.engine.plain import value_is_here
from prefect_results.engine.travel import fit_to_travel, loaded_children
from prefect_results.logging import get_logger
from prefect_results.states import Failed, Mapped, State

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
                upstream.result = child_values(upstream.map_states)
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

    Returns:
        The state the task run ended in.
    """
    known = environment.journal_of(name, index)
    found = known.restored(index) if known is not None else None
    if found is None:
        found = run_unnoted(environment, name, upstream, reduced, state, index)
        if known is not None:
            known.note(index, found)
    environment.flush()
    return fit_to_travel(found, environment, environment.jobs[name].task, index)


def run_unnoted(
    environment: RunEnvironment,
    name: str,
    upstream: Sequence[State],
    reduced: Mapping[int, Sequence[Any]],
    state: State | None,
    index: int | None,
) -> State:
    """Run one task, whatever a worker that was lost may have noted; see `run_job`."""
    job = environment.jobs[name]
    states = {**dict(zip(job.edges, upstream, strict=True)), **job.constants}
    try:
        children = {
            job.edges[position]: loaded_children(together(parts))
            for position, parts in reduced.items()
        }
    except Exception as exc:
        message = f"Task '{job.task.name}': An input cannot be loaded: {exc!r}"
        get_logger("TaskRunner").exception(message)
        return Failed(message, result=exc)
    for edge, found in children.items():
        states[edge] = _with_children(states[edge], found)
    direct = environment.direct(name)
    if direct is not None and state is None:
        if any(up._result.serialized for up in states.values()):
            try:
                states = with_loaded_results(states)
            except Exception:
                # The step that loads them says what is wrong.
                direct = None
        if direct is not None and all(value_is_here(up) for up in states.values()):
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
    )


def together(parts: Sequence[Any]) -> Sequence[State]:
    """One sequence of states, of states and batches of states."""
    if all(isinstance(part, State) for part in parts):
        return parts
    return States([[part] if isinstance(part, State) else part for part in parts])


def _with_children(state: State, children: Sequence[State]) -> State:
    whole = Mapped(state.message, map_states=children, context=state.context)  # type: ignore[arg-type]
    whole.result = child_values(children)
    return whole


def arrived(environment: RunEnvironment) -> None:
    """Be called: whoever can make this call has the environment of the flow run."""
