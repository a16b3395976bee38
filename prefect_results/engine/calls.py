"""The calls that are submitted to executors: one task run, or a batch of mapped children.

Not here: what is submitted when (see `dispatch`).
"""

from __future__ import annotations

import time
from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Any

from prefect_results.context import context as ambient
from prefect_results.engine import mapping
from prefect_results.engine.batches import Batch
from prefect_results.engine.child_states import States, child_values
from prefect_results.engine.children import ChildInputs, Elements, Same, Upstream
from prefect_results.engine.direct import value_is_here
from prefect_results.engine.inputs import with_loaded_results
from prefect_results.engine.travel import fit_to_travel, loaded_children
from prefect_results.engine.unsendable import stand_in, wrong_inputs
from prefect_results.engine.uploads import Behind, uploads
from prefect_results.executors.local import LocalExecutor
from prefect_results.logging import get_logger
from prefect_results.states import Failed, Mapped, State

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from prefect_results.core import Edge, Task
    from prefect_results.engine.environment import Job, RunEnvironment
    from prefect_results.engine.journal import CallJournal
    from prefect_results.engine.runner import Handler
    from prefect_results.engine.uploads import UploadLimits
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
        found = _run_job(environment, name, upstream, reduced, state, index)
        if known is not None:
            known.note(index, found)
    environment.flush()
    return fit_to_travel(found, environment, environment.jobs[name].task, index)


def _run_job(
    environment: RunEnvironment,
    name: str,
    upstream: Sequence[State],
    reduced: Mapping[int, Sequence[Any]],
    state: State | None,
    index: int | None,
) -> State:
    job = environment.jobs[name]
    states = {**dict(zip(job.edges, upstream, strict=True)), **job.constants}
    try:
        children = {
            job.edges[position]: loaded_children(_together(parts))
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


def run_batch(
    environment: RunEnvironment,
    name: str,
    start: int,
    count: int | None,
    upstream: Sequence[Sequence[Any]],
    reduced: Mapping[int, Sequence[Any]],
) -> Batch:
    """Run consecutive children of a mapped task.

    Args:
        environment: of the flow run.
        name: of the job.
        start: map index of the first child.
        count: how many there are; by default as many as there is something upstream for.
        upstream: for each edge of the job what the children get: `("same", state)`,
            `("items", state, Items)` or `("children", (batch, from, to), ...)`; where `to` is
            None, the whole batch. `("unsendable", state, what)` if what all get cannot be sent.
        reduced: see `run_job`.

    Returns:
        Their states.
    """
    job = environment.jobs[name]
    sources: dict[Edge, Any] = {
        edge: _source(*given) for edge, given in zip(job.edges, upstream, strict=True)
    }
    if count is None:
        count = min(len(src.states) for src in sources.values() if isinstance(src, Upstream))
    sources.update((edge, Same(state)) for edge, state in job.constants.items())
    inputs = ChildInputs(sources)
    batch = Batch(list(job.task.tags))
    known = environment.journal_of(name, start)
    wrong = wrong_inputs(upstream)
    direct = None if reduced or wrong else environment.direct(name)

    # What is made once for a process is not the time of a child.
    started = time.perf_counter()

    def run_long(position: int) -> State:
        states = [inputs.sources[edge](position) for edge in job.edges]
        what = wrong.get(None) or wrong.get(position)
        if what is not None:
            return _run_stand_in(environment, job, what, states, start + position)
        return _run_job(environment, name, states, reduced, None, start + position)

    def run_one(position: int, behind: Behind | None = None) -> State:
        values = inputs.values(position) if direct is not None else None
        if direct is None or values is None:
            if behind is not None:
                behind.uploads.wait()
            return run_long(position)
        return direct.run(values, inputs.upstream_at(position), start + position, behind)

    if direct is not None and known is None and direct.is_bare:
        direct.run_all(inputs, start, count, batch, run_long)
    elif direct is not None and environment.upload_limits is not None:
        limits = environment.upload_limits
        for state in _with_uploads(run_one, range(start, start + count), known, limits):
            batch.add(state)
    else:
        for position in range(count):
            state = _restored_or_run(run_one, position, start + position, known)
            batch.add(state)
    environment.flush()
    batch.seconds = time.perf_counter() - started
    return fit_to_travel(batch, environment, job.task, start)


def _restored_or_run(
    run: Callable[[int], State], position: int, index: int, known: CallJournal | None
) -> State:
    """The state of a child that had finished before its worker was lost; of any other, run it."""
    if known is None:
        return run(position)
    state = known.restored(index)
    if state is None:
        state = run(position)
        known.note(index, state)
    return state


def _with_uploads(
    run: Callable[[int, Behind], State],
    indices: range,
    known: CallJournal | None,
    limits: UploadLimits,
) -> list[State]:
    """Run children, each while the values of those before it are stored."""
    states: list[State] = []
    unnoted: deque[int] = deque()

    def note(wants: Callable[[int], Any]) -> None:
        while known is not None and unnoted and wants(unnoted[0]):
            position = unnoted.popleft()
            known.note(indices[position], states[position])

    with uploads(limits) as under_way:
        assert under_way is not None
        for position, index in enumerate(indices):
            under_way.settle()
            note(lambda first: states[first]._result._stored)
            state = known.restored(index) if known is not None else None
            if state is None:
                begun = under_way.begun
                state = run(position, Behind(under_way, partial(states.__setitem__, position)))
                if under_way.begun > begun:
                    unnoted.append(position)
                elif known is not None:
                    known.note(index, state)
            states.append(state)
    note(lambda first: True)
    return states


def _run_stand_in(
    environment: RunEnvironment, job: Job, what: str, upstream: Sequence[State], index: int
) -> State:
    """Run what stands for a child whose input could not be sent."""
    return run_task(
        task=stand_in(job.task, what),
        state=None,
        upstream_states={**dict(zip(job.edges, upstream, strict=True)), **job.constants},
        context={**environment.context_of(job), "map_index": index},
        flow_result=environment.flow_result,
        task_runner_cls=environment.runner_cls,
        task_runner_state_handlers=environment.handlers,
        upstream_mapped_states={},
    )


def _source(kind: str, *given: Any) -> Any:
    if kind in ("same", "unsendable"):
        return Same(given[0])
    if kind == "items":
        state, items = given
        return Elements(state, items.values)
    whole = len(given) == 1 and given[0][1] == 0 and given[0][2] in (None, len(given[0][0]))
    states = given[0][0] if whole else _cut(given)
    values: Any = _plain_values(given)
    return Upstream(states, values)


def _cut(parts: Sequence[Any]) -> States:
    return States([batch[low:high] for batch, low, high in parts])


def _plain_values(parts: Sequence[Any]) -> list[Any] | None:
    """The values of the states in parts of batches, if all are ordinary."""
    found: list[Any] = []
    for batch, low, high in parts:
        values = batch.plain_values() if isinstance(batch, Batch) else None
        if values is None:
            return None
        found += values[low:high]
    return found


def _together(parts: Sequence[Any]) -> Sequence[State]:
    """One sequence of states, of states and batches of them."""
    if all(isinstance(part, State) for part in parts):
        return parts
    return States([[part] if isinstance(part, State) else part for part in parts])


def _with_children(state: State, children: Sequence[State]) -> State:
    whole = Mapped(state.message, map_states=children, context=state.context)  # type: ignore[arg-type]
    whole.result = child_values(children)
    return whole


def flat_states(parts: Sequence[Any]) -> Sequence[State]:
    """The states of each item of each child's value; see `mapping.flatten_mapped_children`."""
    children = loaded_children(_together(parts))
    values = children.plain_values() if isinstance(children, States) else None
    if values is not None and all(type(value) in (list, tuple) for value in values):
        first = children[0] if values else None
        batch = Batch(first.context.get("tags", ()) if first is not None else ())
        batch.template = first._result.from_value(None) if first is not None else None
        batch.values = [item for value in values for item in value]
        return batch
    return mapping.flatten_mapped_children(children, LocalExecutor())


def behind(start: int, states: Sequence[State]) -> int:
    """The map index behind the last of some states."""
    return start + len(states)


def arrived(environment: RunEnvironment) -> None:
    """Be called: whoever can make this call has the environment of the flow run."""
