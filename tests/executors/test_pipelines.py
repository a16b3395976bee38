"""Flows on executors with several workers: what comes out, and what waits for what."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import cloudpickle
import pytest

import prefect_results
from prefect_results import Flow, Parameter, flatten, task, unmapped
from prefect_results.signals import SKIP
from prefect_results.states import Mapped, Success

from . import conftest

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


@pytest.fixture(autouse=True)
def _by_value() -> Any:
    """Workers cannot import the tests."""
    import sys

    modules = [conftest, sys.modules[__name__]]
    for module in modules:
        cloudpickle.register_pickle_by_value(module)
    yield
    for module in modules:
        cloudpickle.unregister_pickle_by_value(module)


@task
def numbers(n: int) -> list[int]:
    return list(range(n))


@task
def inc(x: int) -> int:
    return x + 1


@task
def total(xs: list[int]) -> int:
    return sum(xs)


@task
def pair(x: int) -> list[int]:
    return [x, x]


def test_maps_of_maps_are_reduced(executor: Any) -> None:
    """Two mapped levels and a reduce give what one core gives."""
    with Flow("levels") as flow:
        n = Parameter("n", default=50)
        once = inc.map(numbers(n))
        twice = inc.map(once)
        result = total(twice)
    state = flow.run(executor=executor)
    assert state.is_successful()
    assert state.result[result].result == sum(range(2, 52))
    assert state.result[twice].result == list(range(2, 52))
    assert [child.result for child in state.result[once].map_states] == list(range(1, 51))


def test_flattened_maps_keep_their_order(executor: Any) -> None:
    """What is flattened can be mapped over again and again, and reduced."""
    with Flow("flat") as flow:
        pairs = pair.map(numbers(7))
        flat = inc.map(flatten(pairs))
        again = inc.map(flat)
        result = total(again)
        plain = total(flatten(pairs))
    state = flow.run(executor=executor)
    assert state.result[flat].result == [x + 1 for x in range(7) for _ in range(2)]
    assert state.result[again].result == [x + 2 for x in range(7) for _ in range(2)]
    assert state.result[result].result == 2 * sum(range(7)) + 28
    assert state.result[plain].result == 2 * sum(range(7))


def test_flattened_children_know_their_index(executor: Any) -> None:
    """The map index counts through all flattened values."""

    @task
    def index(x: int) -> int:
        return prefect_results.context["map_index"]

    with Flow("indices") as flow:
        indices = index.map(flatten(pair.map(numbers(4))))
    state = flow.run(executor=executor)
    assert state.result[indices].result == list(range(8))


def test_flattened_maps_are_mapped_together_with_lists(executor: Any) -> None:
    """A flattened upstream task beside one of known length: the shorter one counts."""

    @task
    def add(x: int, y: int) -> int:
        return x + y

    with Flow("together") as flow:
        sums = add.map(flatten(pair.map(numbers(4))), numbers(7))
    state = flow.run(executor=executor)
    assert state.result[sums].result == [0, 1, 3, 4, 6, 7, 9]


def test_nothing_to_map_over(executor: Any) -> None:
    """Empty lists map to nothing, through all levels."""
    with Flow("empty") as flow:
        none = inc.map(numbers(0))
        flat = inc.map(flatten(pair.map(none)))
        result = total(flat)
    state = flow.run(executor=executor)
    assert state.result[none].result == []
    assert state.result[flat].result == []
    assert state.result[result].result == 0


def test_what_is_asked_by_key_ends_where_its_length_says(executor: Any) -> None:
    """A pandas.Series is mapped over like a list, though it has no index error at its end."""

    @task
    def items() -> dict[int, str]:
        return {0: "a", 1: "b"}

    @task
    def same(x: str) -> str:
        return x

    with Flow("keys") as flow:
        mapped = same.map(items())
    assert flow.run(executor=executor).result[mapped].result == ["a", "b"]


def test_children_fail_skip_and_go_on(executor: Any) -> None:
    """The state of each child follows from its own upstream child."""

    @task
    def odd(x: int) -> int:
        if x == 1:
            raise ValueError("one")
        if x == 2:
            raise SKIP("two")
        return x

    with Flow("unusual") as flow:
        first = odd.map(numbers(40))
        second = inc.map(first)
    state = flow.run(executor=executor)
    assert state.is_failed()
    kinds = [type(child).__name__ for child in state.result[second].map_states[:4]]
    assert kinds == ["Success", "TriggerFailed", "Skipped", "Success"]
    assert isinstance(state.result[first].map_states[1].result, ValueError)
    assert state.result[second].result[3:] == list(range(4, 41))


def test_constants_and_unmapped_inputs_reach_each_child(executor: Any) -> None:
    """What is the same for all is sent with each batch."""

    @task
    def add(x: int, y: int, z: int) -> int:
        return x + y + z

    with Flow("same") as flow:
        sums = add.map(numbers(30), y=unmapped(inc(9)), z=unmapped(100))
    state = flow.run(executor=executor)
    assert state.result[sums].result == [x + 110 for x in range(30)]


def test_children_reduce_a_mapped_task(executor: Any) -> None:
    """An unmapped input of a mapped task may itself be mapped."""

    @task
    def add(x: int, ys: list[int]) -> int:
        return x + sum(ys)

    with Flow("reduced") as flow:
        sums = add.map(numbers(3), ys=unmapped(inc.map(numbers(4))))
    state = flow.run(executor=executor)
    assert state.result[sums].result == [10, 11, 12]


def test_tasks_with_handlers_are_mapped_in_batches_too(executor: Any) -> None:
    """State handlers, run names and triggers do not keep children from being put together."""

    def praise(task: Any, old: Any, new: Any) -> Any:
        if new.is_successful() and not new.is_mapped():
            new.message = "well done"
        return new

    handled = task(lambda x: x * 2, name="handled", state_handlers=[praise])
    with Flow("handled") as flow:
        doubled = handled.map(numbers(40))
    state = flow.run(executor=executor)
    children = state.result[doubled].map_states
    assert {child.message for child in children} == {"well done"}
    assert state.result[doubled].result == [2 * x for x in range(40)]


def test_children_are_tried_again(executor: Any) -> None:
    """Children that fail at first run again; the others do not."""

    @task(max_retries=1, retry_delay=timedelta(seconds=0))
    def sometimes(x: int) -> int:
        if x % 10 == 0 and prefect_results.context["task_run_count"] == 1:
            raise ValueError("not yet")
        return x

    with Flow("retries") as flow:
        tried = sometimes.map(numbers(30))
        after = inc.map(tried)
    state = flow.run(executor=executor)
    assert state.is_successful(), state
    assert state.result[tried].result == list(range(30))
    assert state.result[after].result == list(range(1, 31))


def test_many_children_are_states_like_in_a_list(parallel: Any) -> None:
    """The children of a mapped task are made into states when somebody looks."""
    with Flow("lazy") as flow:
        mapped = inc.map(numbers(300))
    state = flow.run(executor=parallel)
    children = state.result[mapped].map_states
    assert len(children) == 300
    assert children[-1].result == 300
    assert children[7] is children[7]
    assert [child.result for child in children[5:8]] == [6, 7, 8]
    assert all(type(child) is Success for child in children)
    assert children == list(children)
    assert isinstance(state.result[mapped], Mapped)


def test_a_child_starts_when_its_own_upstream_child_is_done(
    parallel: Any, gate: Callable[[str], conftest.Gate]
) -> None:
    """The second child of the first level waits for the first child of the third."""
    third_level = gate("third")

    @task
    def first(x: int) -> int:
        if x == 1:
            assert third_level.wait()
        return x

    @task
    def third(x: int) -> int:
        if x == 1:
            third_level.open()
        return x

    with Flow("depth first") as flow:
        last = third.map(inc.map(first.map(numbers(2))))
    state = flow.run(executor=parallel)
    assert state.is_successful()
    assert state.result[last].result == [1, 2]


def test_flattened_children_start_when_their_upstream_child_is_done(
    parallel: Any, gate: Callable[[str], conftest.Gate]
) -> None:
    """Flattening holds nothing back but what comes behind."""
    opened = gate("flat")

    @task
    def first(x: int) -> list[int]:
        if x == 1:
            assert opened.wait()
        return [x, x]

    @task
    def third(x: int) -> int:
        if x == 1:
            opened.open()
        return x

    with Flow("depth first, flat") as flow:
        last = third.map(inc.map(flatten(first.map(numbers(2)))))
    state = flow.run(executor=parallel)
    assert state.is_successful()
    assert state.result[last].result == [1, 1, 2, 2]


def test_a_mapped_task_that_waits_holds_back_no_other(
    parallel: Any, gate: Callable[[str], conftest.Gate]
) -> None:
    """A branch whose list is late does not keep another branch from being submitted."""
    other = gate("other")

    @task
    def late() -> list[int]:
        assert other.wait()
        return [1, 2]

    @task
    def opens(x: int) -> int:
        other.open()
        return x

    with Flow("branches") as flow:
        slow = inc.map(late())
        quick = opens.map(inc.map(numbers(2)))
    state = flow.run(executor=parallel)
    assert state.is_successful()
    assert state.result[slow].result == [2, 3]
    assert state.result[quick].result == [1, 2]


def test_context_configuration_and_parameters_reach_the_workers(executor: Any) -> None:
    """Tasks see the run's context wherever they run."""

    @task
    def seen() -> tuple[Any, ...]:
        context = prefect_results.context
        return (
            context["parameters"]["p"],
            context["flow_name"],
            context["mine"],
            context.config["tasks"]["mine"],
            context["task_slug"],
        )

    with Flow("context") as flow:
        flow.add_task(Parameter("p"))
        flow.add_task(seen)
    with prefect_results.context(mine=3, config={"tasks": {"mine": 4}}):
        state = flow.run(executor=executor, p=1)
    assert state.result[seen].result == (1, "context", 3, 4, "seen-1")
