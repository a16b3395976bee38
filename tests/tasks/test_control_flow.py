"""Branches: `case`, `switch`, `ifelse`, `merge`, and the filter of results."""

from __future__ import annotations

import logging

import pytest

from prefect_results import Flow, Parameter, Task, case, context, task
from prefect_results.signals import SKIP
from prefect_results.tasks.control_flow import FilterTask, ifelse, merge, switch
from prefect_results.tasks.control_flow.conditional import CompareValue, Merge
from prefect_results.triggers import all_finished, not_all_skipped


@task
def identity(x):
    return x


@task
def add_one(x):
    return x + 1


@task
def fail():
    raise ValueError("no")


@pytest.fixture
def branches():
    """Two tasks that return their names."""
    return {name: identity.copy(name=name) for name in "ab"}


def test_compare_value_skips_unless_equal():
    """It succeeds silently or raises SKIP; its name says the value."""
    compare = CompareValue("x")
    assert compare.name == 'CompareValue: "x"'
    assert compare.run("x") is None
    with pytest.raises(SKIP, match='Provided value "y" did not match "x"'):
        compare.run("y")


@pytest.mark.parametrize(("result", "skipped"), [("a", ["b"]), ("b", ["a"]), ("c", ["a", "b"])])
def test_switch_runs_one_branch(result, skipped):
    """Only the matching branch runs; what follows another is skipped too."""
    with Flow("test") as flow:
        condition = Parameter("condition")
        tasks = {name: Task(name=name) for name in "ab"}
        switch(condition, tasks)
        after = {
            name: Task(
                name=f"after {name}",
            ).bind(upstream_tasks=[t])
            for name, t in tasks.items()
        }
    state = flow.run(condition=result)
    assert state.is_successful()
    for group in (tasks, after):
        assert [name for name, t in group.items() if state.result[t].is_skipped()] == skipped


def test_switch_tags_its_comparisons():
    """The comparison tasks carry the tag "switch", the branches that existed do not."""
    with Flow("test") as flow:
        branch = Task()
        switch(Parameter("x"), {"a": branch})
    (compare,) = flow.get_tasks(name='CompareValue: "a"')
    assert compare.tags == {"switch"}
    assert branch.tags == set()


def test_switch_can_be_mapped():
    """Each child follows the branch that its own element chooses."""
    with Flow("test") as flow:
        condition = identity.map(["a", "b", "a"])
        one, two = identity.map(["1", "2", "3"]), add_one.map([1, 2, 3])
        switch(condition, {"a": one, "b": two}, mapped=True)
        merged = merge(one, two, mapped=True)
    state = flow.run()
    assert state.result[merged].result == ["1", 3, "3"]


@pytest.mark.parametrize(
    ("condition", "runs"), [(True, "yes"), (False, "no"), ([1], "yes"), ("", "no"), (None, "no")]
)
def test_ifelse_goes_by_truth(condition, runs):
    """Anything true takes the first branch, anything false the second."""
    with Flow("test") as flow:
        yes, no = Task(name="yes"), Task(name="no")
        ifelse(identity(condition), yes, no)
    state = flow.run()
    ran = [t.name for t in (yes, no) if not state.result[t].is_skipped()]
    assert ran == [runs]
    assert flow.get_tasks(name="as_bool")


@pytest.mark.parametrize("branch", [0, 1])
def test_ifelse_with_one_branch(branch):
    """A branch may be None; with none at all nothing is added."""
    tasks = [None, None]
    with Flow("test") as flow:
        tasks[branch] = Task()
        ifelse(Parameter("x"), *tasks)
    assert flow.run(x=True).result[tasks[branch]].is_skipped() is bool(branch)
    condition = Task()
    with Flow("empty") as empty:
        ifelse(condition, None, None)
    assert not empty.tasks


def test_merge_takes_the_branch_that_ran():
    """Diamonds close, also nested ones; a falsy result counts."""
    for x, expected in [("a", 0), ("b", 2), ("c", 3)]:
        with Flow("test") as flow:
            condition = Parameter("x")
            a, b, c = identity.copy(name="a"), add_one.copy(name="b"), identity.copy(name="c")
            switch(condition, {"a": a(0), "b": b(1), "c": c(3)})
            merged = merge(*[flow.get_tasks(name=name)[0] for name in "abc"])
        assert flow.run(x=x).result[merged].result == expected


def test_merge_is_skipped_when_all_branches_are():
    """Its trigger is `not_all_skipped`; the message says why."""
    with Flow("test") as flow:
        a = Task()
        switch(Parameter("x"), {"a": a})
        merged = merge(a)
        merged.set_upstream(identity(1), key="upstream")
        alone = merge(a)
    state = flow.run(x="b")
    assert state.result[alone].is_skipped()
    assert state.result[alone].message == "All upstreams were skipped"
    assert state.result[merged].result == 1


def test_merge_fails_with_a_branch():
    """A failed branch is a failed merge, and another trigger can be asked for."""
    with Flow("test") as flow:
        failed = fail()
        merged = merge(failed, identity(1))
        tolerant = merge(failed, identity(1), trigger=all_finished, name="mine")
    state = flow.run()
    assert type(state.result[merged]).__name__ == "TriggerFailed"
    assert tolerant.name == "mine"
    assert isinstance(state.result[tolerant].result, ValueError)


def test_merge_takes_the_first_that_is_not_none():
    """Among several results the first counts, in the order of the arguments."""
    results = {f"task_{n}": n for n in range(2, 13)}
    assert Merge().run(**results, task_1=None) == 2
    assert Merge().run(task_1=None) is None
    assert Merge().run(task_10=10, task_9=9) == 9


def test_merge_options():
    """Skipping on an upstream skip makes no sense for a merge."""
    assert Merge().skip_on_upstream_skip is False
    assert Merge().trigger is not_all_skipped
    with pytest.raises(ValueError, match="must have `skip_on_upstream_skip=False`"):
        Merge(skip_on_upstream_skip=True)


@pytest.mark.parametrize(("x", "ran"), [(True, ["then", "after"]), (False, ["else"])])
def test_case_runs_its_block(x, ran):
    """Tasks of a block run if the value matches, those that follow others in it with them."""
    with Flow("test") as flow:
        condition = identity(x)
        with case(condition, True):
            then = identity.copy(name="then")(1)
            after = add_one.copy(name="after")(then)
        with case(condition, False):
            other = identity.copy(name="else")(1)
    state = flow.run()
    assert [t.name for t in (then, after, other) if not state.result[t].is_skipped()] == ran
    assert flow.get_tasks(name=f"case({x})")
    assert condition not in flow.upstream_tasks(after)
    assert flow.upstream_tasks(after) == {then}


def test_case_leaves_constants_and_parameters_alone():
    """Only tasks that do something depend on the condition."""
    with Flow("test") as flow:
        condition = identity(True)
        with case(condition, True):
            p = Parameter("p", default=1)
            result = identity.map([1, 2])
            flow.add_task(p)
    (compare,) = flow.get_tasks(name="case(True)")
    assert flow.upstream_tasks(p) == set()
    assert flow.downstream_tasks(compare) == {result}


def test_cases_nest():
    """An inner block runs if both conditions hold; the outer one is the context again."""
    with Flow("test") as flow:
        x, y = Parameter("x"), Parameter("y")
        outer = case(x, 1)
        with outer:
            with case(y, 1):
                inner = identity.copy(name="inner")(1)
                assert context.case is not outer
            assert context.case is outer
            later = identity.copy(name="later")(1)
        assert "case" not in context
    for x, y, skipped in [(1, 1, []), (1, 2, ["inner"]), (2, 1, ["inner", "later"])]:
        state = flow.run(x=x, y=y)
        assert [t.name for t in (inner, later) if state.result[t].is_skipped()] == skipped


def test_empty_case_adds_nothing():
    """A block without tasks leaves no trace."""
    with Flow("test") as flow:
        condition = identity(1)
        with case(condition, 1):
            pass
    assert flow.tasks == {condition}


def test_case_misuse():
    """The value is no task, and the block is of one flow."""
    with pytest.raises(TypeError, match="`value` cannot be a task"):
        case(identity, identity)
    block = case(identity, 1)
    block.add_task(Task(), Flow("one"))
    with pytest.raises(ValueError, match="Multiple flows cannot be used with the same case"):
        block.add_task(Task(), Flow("two"))


def test_case_and_merge_can_be_mapped_by_apply_map():
    """A function with a block can be applied to each element."""
    from prefect_results import apply_map

    def branch(x):
        with case(identity(x), 1):
            one = add_one(x)
        return merge(one, identity(None))

    with Flow("test") as flow:
        result = apply_map(branch, [1, 2])
    state = flow.run()
    assert state.result[result].result == [2, None]


def test_filter_drops_none_and_errors():
    """By default None and exceptions go; falsy values stay."""
    values = [1, None, ValueError(), 0, "", ["x"]]
    assert FilterTask().run(values) == [1, 0, "", ["x"]]
    assert FilterTask(filter_func=lambda r: r != 5).run([5, None]) == [None]


def test_filter_runs_after_failures():
    """Failed and skipped children of a mapped task are dropped."""

    @task
    def divide(x):
        if x is None:
            raise SKIP("none", result=None)
        return 1 / x

    with Flow("test") as flow:
        kept = FilterTask()(divide.map([1, 0, 2, None]))
    assert FilterTask().trigger is all_finished
    assert FilterTask().skip_on_upstream_skip is False
    state = flow.run()
    assert state.result[kept].result == [1, 0.5]


def test_filter_options():
    """Trigger and skipping can be chosen."""
    chosen = FilterTask(trigger=not_all_skipped, skip_on_upstream_skip=True, name="f")
    assert (chosen.trigger, chosen.skip_on_upstream_skip) == (not_all_skipped, True)


def test_filter_logs_if_asked(caplog):
    """`log_func` makes a message of what is kept."""
    with caplog.at_level(logging.INFO):
        FilterTask().run([1])
        FilterTask(log_func=lambda kept: f"kept {kept}").run([1, None])
    assert [record.getMessage() for record in caplog.records] == ["kept [1]"]
