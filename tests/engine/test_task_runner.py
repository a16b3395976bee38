"""The steps of a task run, one by one, and overridden."""

from __future__ import annotations

import datetime

import pytest

import prefect_results
from prefect_results import Flow, Task, task
from prefect_results.core import Edge
from prefect_results.engine import TaskRunner
from prefect_results.engine.runner import ENDRUN
from prefect_results.results import LocalResult, Result
from prefect_results.signals import PAUSE
from prefect_results.states import (
    Cached,
    Failed,
    Finished,
    Mapped,
    Paused,
    Pending,
    Resume,
    Retrying,
    Running,
    Scheduled,
    Skipped,
    Submitted,
    Success,
    TimedOut,
    TriggerFailed,
)
from prefect_results.triggers import all_failed, manual_only

UTC = datetime.timezone.utc
FUTURE = datetime.datetime(2100, 1, 1, tzinfo=UTC)
PAST = datetime.datetime(2000, 1, 1, tzinfo=UTC)


@task
def inc(x):
    return x + 1


def upstream(**states):
    """Upstream states by edges whose keys are the names."""
    return {Edge(Task(), Task(), key=key): state for key, state in states.items()}


def unkeyed(*states, mapped=False):
    return {Edge(Task(), Task(), mapped=mapped): state for state in states}


class TestReadiness:
    @pytest.mark.parametrize(
        "state", [Pending(), Mapped(), Cached(), Retrying(start_time=PAST), Resume(start_time=PAST)]
    )
    def test_states_to_start_from_pass(self, state):
        """Pending, mapped and cached states go on."""
        assert TaskRunner(Task()).check_task_is_ready(state) is state

    @pytest.mark.parametrize("state", [Running(), Finished(), Success(), Failed(), Skipped()])
    def test_other_states_end_the_run(self, state):
        """A running or finished task is not run again."""
        with pytest.raises(ENDRUN) as caught:
            TaskRunner(Task()).check_task_is_ready(state)
        assert caught.value.state is state

    @pytest.mark.parametrize("kind", [Scheduled, Retrying, Paused])
    def test_the_future_waits(self, kind):
        """A start time in the future, or none, ends the run."""
        for start_time in (FUTURE, None):
            state = kind(start_time=FUTURE)
            state.start_time = start_time
            with pytest.raises(ENDRUN):
                TaskRunner(Task()).check_task_reached_start_time(state)

    def test_the_past_passes(self):
        """A start time that is reached goes on."""
        state = Scheduled(start_time=PAST)
        assert TaskRunner(Task()).check_task_reached_start_time(state) is state

    def test_a_meta_state_is_unwrapped(self):
        """The run starts from the innermost state of nested meta states."""
        state = Submitted(state=Submitted(state=Retrying(run_count=2, start_time=PAST)))
        state, context = TaskRunner(Task()).initialize_run(state, {})
        assert state.is_retrying()
        assert context["task_run_count"] == 3


class TestContext:
    def test_what_a_run_knows(self):
        """Name, tags, run count and logger are in the context of a run."""
        runner = TaskRunner(Task(name="t", tags=["a"]))
        _, context = runner.initialize_run(None, {})
        assert context["task_name"] == "t"
        assert context["task_tags"] == {"a"}
        assert context["task_run_count"] == 1
        assert context["logger"] is runner.task.logger

    @pytest.mark.parametrize(
        ("state", "resumes"),
        [(Resume(), True), (Paused(start_time=PAST), True), (Paused(), False), (Pending(), False)],
    )
    def test_resuming_is_told(self, state, resumes):
        """A resumed task, or one whose pause is over, finds `resume` in its context."""
        _, context = TaskRunner(Task()).initialize_run(state, {})
        assert context.get("resume", False) is resumes


class TestUpstream:
    def test_unfinished_upstream_ends_the_run(self):
        """A task never runs before its upstream tasks."""
        with pytest.raises(ENDRUN) as caught:
            TaskRunner(Task()).check_upstream_finished(
                Pending(), upstream_states=unkeyed(Success(), Running())
            )
        assert caught.value.state.is_pending()

    def test_children_of_a_mapped_upstream_count(self):
        """A reduce waits for each child; a mapped task for its own upstream child only."""
        mapped = Mapped(map_states=[Success(), Pending()])
        runner = TaskRunner(Task())
        with pytest.raises(ENDRUN):
            runner.check_upstream_finished(Pending(), upstream_states=unkeyed(mapped))
        runner.check_upstream_finished(Pending(), upstream_states=unkeyed(mapped, mapped=True))

    def test_skips_propagate(self):
        """A task is skipped with its upstream task, and says how to change that."""
        with pytest.raises(ENDRUN) as caught:
            TaskRunner(Task()).check_upstream_skipped(
                Pending(), upstream_states=unkeyed(Success(), Skipped())
            )
        assert isinstance(caught.value.state, Skipped)
        assert "skip_on_upstream_skip=False" in caught.value.state.message

    def test_a_task_can_opt_out_of_skips(self):
        """With `skip_on_upstream_skip=False` the task goes on."""
        state = Pending()
        runner = TaskRunner(Task(skip_on_upstream_skip=False))
        assert runner.check_upstream_skipped(state, upstream_states=unkeyed(Skipped())) is state

    def test_a_failing_trigger(self):
        """Without success upstream the default trigger fails the task."""
        state = TaskRunner(inc).run(upstream_states=upstream(x=Failed()))
        assert isinstance(state, TriggerFailed)
        assert 'Trigger was "all_successful"' in state.message

    def test_a_trigger_that_returns_false(self):
        """Something false fails the task."""
        state = TaskRunner(Task(trigger=lambda states: False)).run()
        assert isinstance(state, TriggerFailed)
        assert state.message == "Trigger failed"

    def test_a_trigger_that_raises(self):
        """An error in a trigger fails the task, with the error as result."""
        state = TaskRunner(Task(trigger=lambda states: 1 / 0)).run()
        assert isinstance(state, TriggerFailed)
        assert isinstance(state.result, ZeroDivisionError)

    def test_manual_only_pauses_with_inputs(self):
        """A manual trigger pauses the task, whose inputs are kept."""
        with_trigger = task(lambda x: x, name="t", trigger=manual_only)
        state = TaskRunner(with_trigger).run(upstream_states=upstream(x=Success(result=5)))
        assert isinstance(state, Paused)
        assert state.cached_inputs == {"x": Result(5)}
        again = TaskRunner(with_trigger).run(
            state=Resume(cached_inputs=state.cached_inputs), upstream_states=upstream(x=Success())
        )
        assert again.is_successful()
        assert again.result == 5


class TestRun:
    def test_success(self):
        """The value of a task that ran is in its state."""
        state = TaskRunner(inc).run(upstream_states=upstream(x=Success(result=1)))
        assert type(state) is Success
        assert state.result == 2
        assert state.message == "Task run succeeded."

    def test_failure(self):
        """An exception becomes a failed state that has it."""
        state = TaskRunner(inc).run(upstream_states=upstream(x=Success(result="a")))
        assert type(state) is Failed
        assert isinstance(state.result, TypeError)
        assert state.message == f"Error during execution of task: {state.result!r}"

    def test_raise_on_exception(self):
        """For debugging, exceptions propagate."""
        with prefect_results.context(raise_on_exception=True), pytest.raises(TypeError):
            TaskRunner(inc).run(upstream_states=upstream(x=Success(result="a")))

    def test_a_result_that_arrived_serialized_is_loaded_on_use(self, tmp_path):
        """The value behind a location is read when the inputs are taken, not before."""
        sent = Success(result=LocalResult(dir=str(tmp_path)).write(41)).serialize()
        arrived = prefect_results.State.deserialize(sent)
        state = TaskRunner(inc).run(upstream_states=upstream(x=arrived))
        assert state.result == 42
        assert arrived._result.value is None

    def test_a_timeout(self):
        """A task that takes too long is timed out."""

        @task(timeout=1)
        def forever():
            while True:
                pass

        state = TaskRunner(forever).run()
        assert isinstance(state, TimedOut)
        assert state.message == "Task timed out during execution."

    def test_pause_in_a_task_keeps_the_inputs(self):
        """A task that pauses itself goes on later with the same inputs."""

        @task
        def pausing(x):
            raise PAUSE("wait")

        state = TaskRunner(pausing).run(upstream_states=upstream(x=Success(result=[1])))
        assert isinstance(state, Paused)
        assert state.cached_inputs["x"].value == [1]

    def test_prints_go_to_the_log(self, caplog):
        """With `log_stdout` what a task prints is logged."""
        state = TaskRunner(task(lambda: print("hello"), name="p", log_stdout=True)).run()
        assert state.is_successful()
        assert "hello" in [record.message for record in caplog.records]


class TestRetry:
    def run(self, **kwargs):
        @task(max_retries=1, retry_delay=datetime.timedelta(hours=1), **kwargs)
        def fails(x):
            raise ValueError("x")

        return TaskRunner(fails).run(upstream_states=upstream(x=Success(result=5)))

    def test_a_failure_is_tried_again(self):
        """While attempts are left, a failure becomes Retrying, for later, with its inputs."""
        state = self.run()
        assert isinstance(state, Retrying)
        assert state.message == "Retrying Task (after attempt 1 of 2)"
        assert state.run_count == 1
        assert state.start_time > datetime.datetime.now(UTC)
        assert state.cached_inputs["x"].value == 5

    def test_attempts_end(self):
        """The last attempt's failure stays a failure."""

        @task(max_retries=1, retry_delay=datetime.timedelta(0))
        def fails():
            raise ValueError("x")

        state = TaskRunner(fails).run(state=Retrying(run_count=1, start_time=PAST))
        assert type(state) is Failed

    def test_only_named_exceptions_are_retried(self):
        """With `retry_on`, other exceptions fail at once."""
        assert self.run(retry_on=ValueError).is_retrying()
        assert type(self.run(retry_on=KeyError)) is Failed


class TestSubclass:
    def test_a_step_can_be_overridden(self):
        """A subclass changes one step, and the others stay."""

        class Doubling(TaskRunner):
            def get_task_run_state(self, state, inputs):
                state = super().get_task_run_state(state, inputs)
                state.result = state.result * 2
                return state

        state = Doubling(inc).run(upstream_states=upstream(x=Success(result=1)))
        assert state.result == 4

    def test_each_change_of_state_is_announced_once(self):
        """Handlers see Pending to Running to Success, and nothing else."""
        seen = []

        def handler(runner, old, new):
            seen.append((type(old).__name__, type(new).__name__))

        TaskRunner(inc, state_handlers=[handler]).run(upstream_states=upstream(x=Success(result=1)))
        assert seen == [("Pending", "Running"), ("Running", "Success")]

    def test_a_handler_changes_the_state(self):
        """What a handler returns is the new state."""

        def handler(runner, old, new):
            return Skipped("no") if new.is_running() else None

        state = TaskRunner(inc, state_handlers=[handler]).run(
            upstream_states=upstream(x=Success(result=1))
        )
        assert isinstance(state, Skipped)

    def test_a_failing_handler_fails_the_run(self):
        """An error in a handler ends the run as failed."""

        def handler(runner, old, new):
            raise ValueError("handler")

        state = TaskRunner(inc, state_handlers=[handler]).run(
            upstream_states=upstream(x=Success(result=1))
        )
        assert type(state) is Failed
        assert state.message == (
            "Unexpected error while calling state handlers: ValueError('handler')"
        )


@pytest.mark.parametrize("returned", [True, "Success", 5])
def test_a_handler_that_returns_no_state(returned):
    """What is not a state fails the run it was returned in, and says what should be."""
    stray = task(lambda: 1, name="s", state_handlers=[lambda task, old, new: returned])
    with Flow("f") as flow:
        result = stray()
    state = flow.run()
    assert state.message == "Some reference tasks failed."
    assert f"a state handler returned {returned!r}" in state.result[result].message


def test_a_trigger_for_failures():
    """A task can ask for failed upstream tasks."""
    handles = task(lambda x: "handled", name="h", trigger=all_failed)
    assert TaskRunner(handles).run(upstream_states=upstream(x=Failed())).result == "handled"
