"""Blocks around a resource."""

from __future__ import annotations

import pytest

from prefect_results import Flow, Parameter, context, resource_manager, task
from prefect_results.states import Failed, Pending, Running, Skipped, Success
from prefect_results.tasks.core.resource_manager import ResourceManager, resource_cleanup_trigger
from prefect_results.triggers import always_run

LOG = []


@pytest.fixture(autouse=True)
def empty_log():
    """Each test sees its own calls."""
    LOG.clear()


class Resource:
    """Notes what is done with it, and fails on request."""

    def __init__(self, kind="plain", fail=()):
        self.kind = kind
        self.fail = fail
        self._do("init")

    def _do(self, step):
        LOG.append(step)
        if step in self.fail:
            raise ValueError(f"no {step}")

    def setup(self):
        self._do("setup")
        return self.kind

    def cleanup(self, resource):
        self._do(f"cleanup {resource}")


manager = resource_manager(Resource)


@resource_manager(name="bare")
class WithoutSetup:
    """A manager without `setup`."""

    def cleanup(self, resource):
        LOG.append(f"cleanup {resource}")


@task
def use(resource):
    LOG.append(f"use {resource}")
    if resource == "broken":
        raise ValueError("no use")
    return resource


@task
def work(x=None):
    LOG.append("work")


def test_decorator_with_and_without_arguments():
    """Both forms make a manager with the class's name or another."""
    assert isinstance(manager, ResourceManager)
    assert manager.name == "Resource"
    assert WithoutSetup.name == "bare"
    assert resource_manager(lambda: None).name == "<lambda>"


def test_options_of_the_tasks():
    """Each of the three tasks has its defaults, which can be overridden."""
    made = resource_manager(
        Resource,
        name="r",
        init_task_kwargs={"tags": {"init"}, "name": "start"},
        setup_task_kwargs={"tags": {"setup"}},
        cleanup_task_kwargs={"trigger": always_run},
    )
    with Flow("test"):
        block = made(kind="x")
    assert (block.init_task.name, block.init_task.tags) == ("start", {"init"})
    assert (block.setup_task.name, block.setup_task.tags) == ("r.setup", {"setup"})
    assert block.setup_task.checkpoint is False
    assert block.cleanup_task.name == "r.cleanup"
    assert block.cleanup_task.trigger is always_run
    assert block.cleanup_task.skip_on_upstream_skip is False
    assert block.cleanup_task.checkpoint is False


def test_block_needs_a_flow():
    """Outside a flow there is an error; a flow can be passed."""
    with pytest.raises(ValueError, match="Could not infer an active Flow context"):
        manager(kind="x")
    flow = Flow("test")
    block = manager(kind="x", flow=flow)
    assert flow.tasks == {block.init_task, block.setup_task, block.cleanup_task}


def test_block_runs_around_its_tasks():
    """The resource is set up before and cleaned up after what is in the block."""
    with Flow("test") as flow:
        kind = Parameter("kind")
        with manager(kind=kind) as resource:
            used = use(resource)
            alone = work.copy(name="alone")()
    state = flow.run(kind="thing")
    assert state.is_successful()
    assert LOG[:2] == ["init", "setup"]
    assert sorted(LOG[2:4]) == ["use thing", "work"]
    assert LOG[4:] == ["cleanup thing"]
    assert flow.reference_tasks() == {used, alone}
    assert resource in flow.upstream_tasks(alone)


def test_block_without_setup():
    """The manager may have nothing to set up; the block gives None."""
    with Flow("test") as flow, WithoutSetup() as resource:
        work()
    assert resource is None
    assert flow.run().is_successful()
    assert LOG == ["work", "cleanup None"]


def test_only_the_ends_are_tied_to_the_resource():
    """Tasks in between follow from those at the ends."""
    with Flow("test") as flow:
        block = manager()
        with block:
            first = work.copy(name="1")()
            second = work.copy(name="2")(first)
            third = work.copy(name="3")(second)
    assert flow.downstream_tasks(block.setup_task) == {first, block.cleanup_task}
    assert flow.upstream_tasks(block.cleanup_task) == {block.init_task, block.setup_task, third}


def test_blocks_nest():
    """The outer block is the context again after the inner one."""
    with Flow("test") as flow:
        outer = manager(kind="outer")
        with outer:
            with manager(kind="inner") as inner:
                use(inner)
            assert context.resource is outer
        assert "resource" not in context
    assert flow.run().is_successful()
    assert LOG.index("cleanup inner") > LOG.index("use inner")


def test_cleanup_runs_after_a_failure_inside():
    """What fails in the block fails the run, and the resource is cleaned up all the same."""
    with Flow("test") as flow, manager(kind="broken") as resource:
        use(resource)
    assert flow.run().is_failed()
    assert LOG == ["init", "setup", "use broken", "cleanup broken"]


@pytest.mark.parametrize(("step", "stage"), [("init", "init"), ("setup", "setup")])
def test_cleanup_is_skipped_without_a_resource(step, stage):
    """If the resource was never there, nothing is cleaned up."""
    with Flow("test") as flow:
        block = manager(fail=[step])
        with block as resource:
            use(resource)
    state = flow.run()
    assert state.is_failed()
    cleanup = state.result[block.cleanup_task]
    assert cleanup.is_skipped()
    assert cleanup.message == f"Resource manager {stage} failed"


def test_failed_cleanup_does_not_fail_the_run():
    """Only the tasks inside decide the state of the flow run."""
    with Flow("test") as flow:
        block = manager(fail=["cleanup plain"])
        with block:
            work()
    state = flow.run()
    assert state.is_successful()
    assert state.result[block.cleanup_task].is_failed()


def test_resource_is_set_up_again_when_a_run_goes_on():
    """Setup and cleanup run once more even if they were finished."""
    with Flow("test") as flow:
        block = manager(kind="x")
        with block as resource:
            used = use(resource)
    state = flow.run()
    LOG.clear()
    states = {**state.result, used: Pending()}
    assert flow.run(task_states=states).is_successful()
    assert LOG == ["setup", "use x", "cleanup x"]


def test_block_belongs_to_one_flow():
    """A task of another flow cannot join."""
    with Flow("test"):
        block = manager()
    with pytest.raises(ValueError, match="Multiple flows cannot be used with the same resource"):
        block.add_task(work, Flow("other"))


class Edge:
    """All that the trigger looks at."""

    def __init__(self, key):
        self.key = key


@pytest.mark.parametrize(
    ("key", "state", "outcome"),
    [
        ("mgr", Success, True),
        ("resource", Success, True),
        (None, Failed, True),
        (None, Skipped, True),
        ("mgr", Failed, "Resource manager init failed"),
        ("mgr", Skipped, "Resource manager init skipped"),
        ("resource", Failed, "Resource manager setup failed"),
        ("resource", Skipped, "Resource manager setup skipped"),
        (None, Running, "Trigger was 'resource_cleanup_trigger' but some"),
    ],
)
def test_cleanup_trigger(key, state, outcome):
    """It asks for the resource, and only for that."""
    from prefect_results.exceptions import PrefectSignal

    states = {Edge(key): state()}
    if outcome is True:
        assert resource_cleanup_trigger(states) is True
    else:
        with pytest.raises(PrefectSignal, match=outcome):
            resource_cleanup_trigger(states)
