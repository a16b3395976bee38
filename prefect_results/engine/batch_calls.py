"""The call that is submitted to executors for a batch of mapped children.

Not here: how children are cut into batches (see `batching`); their states (see `batches`).
"""

from __future__ import annotations

import time
from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Any

from prefect_results.engine import mapping
from prefect_results.engine.batches import Batch
from prefect_results.engine.calls import run_task, run_unnoted, together
from prefect_results.engine.child_states import States
from prefect_results.engine.children import ChildInputs, Elements, Same, Upstream
from prefect_results.engine.travel import fit_to_travel, loaded_children
from prefect_results.engine.unsendable import stand_in, wrong_inputs
from prefect_results.engine.uploads import Behind, uploads
from prefect_results.executors.local import LocalExecutor

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from prefect_results.core import Edge
    from prefect_results.engine.environment import RunEnvironment
    from prefect_results.engine.journal import CallJournal
    from prefect_results.engine.uploads import UploadLimits
    from prefect_results.states import State


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
    # What is made once for a process is not the time of a child.
    children = _Children(environment, name, start, count, upstream, reduced)
    started = time.perf_counter()
    batch = children.run()
    environment.flush()
    batch.seconds = time.perf_counter() - started
    return fit_to_travel(batch, environment, environment.jobs[name].task, start)


def run_child(position: int, environment: RunEnvironment, name: str, *batch: Any) -> State:
    """Run one child of a batch.

    Args:
        position: of the child in the batch.
        environment: of the flow run; this and the following as for `run_batch`.
        name: of the job.
        *batch: the other arguments of `run_batch`.
    """
    state, index = _Children(environment, name, *batch).run_at(position)
    environment.flush()
    return fit_to_travel(state, environment, environment.jobs[name].task, index)


def size_of_batch(environment: RunEnvironment, name: str, *batch: Any) -> int:
    """How many children a batch has; the arguments are those of `run_batch`."""
    return len(_Children(environment, name, *batch))


class _Children:
    """The children of a batch; see `run_batch`."""

    def __init__(
        self,
        environment: RunEnvironment,
        name: str,
        start: int,
        count: int | None,
        upstream: Sequence[Sequence[Any]],
        reduced: Mapping[int, Sequence[Any]],
    ) -> None:
        self._environment = environment
        self._name = name
        self._job = job = environment.jobs[name]
        self._reduced = reduced
        sources: dict[Edge, Any] = {
            edge: _source(*given) for edge, given in zip(job.edges, upstream, strict=True)
        }
        if count is None:
            count = min(len(src.states) for src in sources.values() if isinstance(src, Upstream))
        sources.update((edge, Same(state)) for edge, state in job.constants.items())
        self._inputs = ChildInputs(sources)
        self._indices = range(start, start + count)
        self._known = environment.journal_of(name, start)
        self._wrong = wrong_inputs(upstream)
        self._direct = None if reduced or self._wrong else environment.direct(name)

    def __len__(self) -> int:
        return len(self._indices)

    def run_at(self, position: int) -> tuple[State, int]:
        """The state and the map index of one of them."""
        index = self._indices[position]
        return _restored_or_run(self._run_one, position, index, self._known), index

    def run(self) -> Batch:
        """Their states."""
        indices, direct, known = self._indices, self._direct, self._known
        limits = self._environment.upload_limits
        batch = Batch(list(self._job.task.tags))
        if direct is not None and known is None and direct.is_bare:
            direct.run_all(self._inputs, indices.start, len(indices), batch, self._run_long)
        elif direct is not None and limits is not None:
            for state in _with_uploads(self._run_one, indices, known, limits):
                batch.add(state)
        else:
            for position, index in enumerate(indices):
                batch.add(_restored_or_run(self._run_one, position, index, known))
        return batch

    def _run_one(self, position: int, behind: Behind | None = None) -> State:
        direct, inputs = self._direct, self._inputs
        values = inputs.values(position) if direct is not None else None
        if direct is None or values is None:
            if behind is not None:
                behind.uploads.wait()
            return self._run_long(position)
        return direct.run(values, inputs.upstream_at(position), self._indices[position], behind)

    def _run_long(self, position: int) -> State:
        """Run a child with all there is to a task run."""
        environment, job, index = self._environment, self._job, self._indices[position]
        states = [self._inputs.sources[edge](position) for edge in job.edges]
        what = self._wrong.get(None) or self._wrong.get(position)
        if what is None:
            return run_unnoted(environment, self._name, states, self._reduced, None, index)
        return run_task(
            task=stand_in(job.task, what),
            state=None,
            upstream_states={**dict(zip(job.edges, states, strict=True)), **job.constants},
            context={**environment.context_of(job), "map_index": index},
            flow_result=environment.flow_result,
            task_runner_cls=environment.runner_cls,
            task_runner_state_handlers=environment.handlers,
            upstream_mapped_states={},
        )


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


def flat_states(parts: Sequence[Any]) -> Sequence[State]:
    """The states of each item of each child's value; see `mapping.flatten_mapped_children`."""
    children = loaded_children(together(parts))
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
