"""Values that are there already: targets, cached states, and what is damaged."""

from __future__ import annotations

import datetime
import os

import pytest

import prefect_results
from prefect_results import Flow, Parameter, task
from prefect_results.caching import all_inputs, all_parameters, duration_only
from prefect_results.results import LocalResult
from prefect_results.serializers import JSONSerializer
from prefect_results.states import Cached, Success

HOUR = datetime.timedelta(hours=1)


@pytest.fixture(autouse=True)
def checkpointing():
    with prefect_results.context(checkpointing=True, caches={}):
        yield


@pytest.fixture
def calls():
    return []


def one_task_flow(calls, **options):
    @task(name="work", **options)
    def work(x):
        calls.append(x)
        return {"x": x}

    with Flow("f") as flow:
        value = work(Parameter("x", default=1))
    return flow, value


class TestTarget:
    def options(self, tmp_path, target="{task_name}-{x}.json"):
        return {
            "result": LocalResult(dir=str(tmp_path), serializer=JSONSerializer()),
            "target": target,
        }

    def test_the_second_run_finds_the_first_ones_result(self, tmp_path, calls):
        """A task with a target runs once for each location."""
        flow, value = one_task_flow(calls, **self.options(tmp_path))
        first, second, other = flow.run(), flow.run(), flow.run(x=2)
        assert calls == [1, 2]
        assert type(first.result[value]) is Success
        found = second.result[value]
        assert type(found) is Cached
        assert found.result == {"x": 1}
        assert found.message == "Result found at task target work-1.json"
        assert found._result.location == "work-1.json"
        assert other.result[value].result == {"x": 2}

    def test_a_callable_target(self, tmp_path, calls):
        """A callable gets parameters, context and inputs, and returns the location."""
        target = lambda **kw: f"{kw['flow_name']}/{kw['x']}.json"
        flow, value = one_task_flow(calls, **self.options(tmp_path, target))
        assert flow.run().is_successful()
        assert type(flow.run().result[value]) is Cached
        assert (tmp_path / "f" / "1.json").exists()

    def test_which_result_is_used_is_logged(self, tmp_path, calls, caplog):
        """The log says that the task is not run, and where its value is from."""
        flow, _ = one_task_flow(calls, **self.options(tmp_path))
        flow.run()
        caplog.clear()
        flow.run()
        assert "Using the result found at target work-1.json; the task is not run" in caplog.text

    @pytest.mark.parametrize("data", [b"", b"{", b"\x80\x05 not json"])
    def test_a_damaged_result_is_a_miss(self, tmp_path, calls, caplog, data):
        """What cannot be read is computed again, with a warning that names it."""
        flow, value = one_task_flow(calls, **self.options(tmp_path))
        flow.run()
        (tmp_path / "work-1.json").write_bytes(data)
        state = flow.run()
        assert type(state.result[value]) is Success
        assert calls == [1, 1]
        assert "work-1.json cannot be used, so the task runs" in caplog.text
        assert type(flow.run().result[value]) is Cached

    def test_without_checkpointing_it_says_why(self, tmp_path, calls, caplog):
        """When results are not kept although a target is given, the log says why."""
        flow, _ = one_task_flow(calls, **self.options(tmp_path))
        with prefect_results.context(checkpointing=False):
            flow.run()
        assert "Its result is not persisted: checkpointing is off" in caplog.text
        assert list(tmp_path.iterdir()) == []


class TestOutputCaching:
    def test_a_cached_task_runs_once(self, calls, caplog):
        """Within its time the value of the first run serves the later ones."""
        flow, value = one_task_flow(calls, cache_for=HOUR)
        assert type(flow.run().result[value]) is Cached
        assert flow.run().result[value].result == {"x": 1}
        assert calls == [1]
        assert "Using a cached result" in caplog.text

    def test_an_expired_cache_is_not_used(self, calls):
        """After its time the task runs again."""
        flow, _ = one_task_flow(calls, cache_for=-HOUR)
        flow.run()
        flow.run()
        assert calls == [1, 1]

    @pytest.mark.parametrize(
        ("validator", "expected"),
        [(duration_only, [1]), (all_inputs, [1, 2]), (all_parameters, [1, 2])],
    )
    def test_the_validator_decides(self, calls, validator, expected):
        """Other inputs, or parameters, need another run where the validator says so."""
        flow, _ = one_task_flow(calls, cache_for=HOUR, cache_validator=validator)
        for x in (1, 2, 1, 2):
            flow.run(x=x)
        assert calls == expected

    def test_a_cache_is_shared_by_key(self, calls):
        """Two tasks with the same `cache_key` share what they compute."""
        first, _ = one_task_flow(calls, cache_for=HOUR, cache_key="shared")
        second, value = one_task_flow(calls, cache_for=HOUR, cache_key="shared")
        first.run()
        assert second.run().result[value].result == {"x": 1}
        assert calls == [1]

    def test_a_mapped_cache_finds_each_child(self, calls):
        """Each child of a mapped task finds the value of its own input."""

        @task(cache_for=HOUR, cache_validator=all_inputs)
        def work(x):
            calls.append(x)
            return x * 10

        with Flow("f") as flow:
            values = work.map([1, 2, 3])
        flow.run()
        assert flow.run().result[values].result == [10, 20, 30]
        assert calls == [1, 2, 3]

    def test_a_state_given_to_the_run_is_validated(self, calls):
        """A Cached state passed in is used while it is valid, else computed again."""
        flow, value = one_task_flow(calls, cache_for=HOUR, cache_validator=all_inputs)
        cached = flow.run().result[value]
        prefect_results.context.caches.clear()
        assert flow.run(task_states={value: cached}).result[value] is cached
        prefect_results.context.caches.clear()
        assert flow.run(x=2, task_states={value: cached}).result[value].result == {"x": 2}
        assert calls == [1, 2]

    def test_a_cached_value_that_is_gone_is_computed_again(self, tmp_path, calls, caplog):
        """A cached state whose file was deleted is a miss, with a warning."""
        flow, value = one_task_flow(calls, cache_for=HOUR, result=LocalResult(dir=str(tmp_path)))
        cached = flow.run().result[value]
        prefect_results.context.caches.clear()
        arrived = prefect_results.State.deserialize(cached.serialize())
        os.remove(cached._result.location)
        state = flow.run(task_states={value: arrived})
        assert state.result[value].result == {"x": 1}
        assert calls == [1, 1]
        assert "cannot be used, so it is computed again" in caplog.text


class TestCheckpoint:
    def files(self, tmp_path):
        return sorted(path.name for path in tmp_path.iterdir())

    def test_a_result_is_written_on_success(self, tmp_path, calls):
        """The location's template knows context, parameters and inputs."""
        result = LocalResult(dir=str(tmp_path), location="{flow_name}-{task_name}-{x}.pickle")
        flow, value = one_task_flow(calls, result=result)
        state = flow.run(x=7)
        assert self.files(tmp_path) == ["f-work-7.pickle"]
        assert state.result[value]._result.location == str(tmp_path / "f-work-7.pickle")

    def test_the_flows_result_serves_its_tasks(self, tmp_path, calls):
        """A task without a result of its own is kept as the flow says."""
        flow, _ = one_task_flow(calls)
        flow.result = LocalResult(dir=str(tmp_path), location="{task_name}.pickle")
        flow.run()
        assert self.files(tmp_path) == ["work.pickle"]

    @pytest.mark.parametrize("how", ["global", "task", "none"])
    def test_when_nothing_is_written(self, tmp_path, calls, how):
        """Not with either switch off, and never for None."""
        result = LocalResult(dir=str(tmp_path))
        flow, value = one_task_flow(calls, result=result, checkpoint=how != "task" and None)
        if how == "none":

            @task(result=result)
            def nothing():
                return None

            with Flow("f") as flow:
                value = nothing()
        with prefect_results.context(checkpointing=how != "global"):
            state = flow.run()
        assert state.is_successful()
        assert state.result[value]._result.location is None
        assert self.files(tmp_path) == []

    def test_a_value_that_cannot_be_written_fails_the_task(self, tmp_path):
        """The failed state names the task, the location and the type."""

        @task(result=LocalResult(dir=str(tmp_path), location="x.json", serializer=JSONSerializer()))
        def unserializable():
            return object()

        with Flow("f") as flow:
            value = unserializable()
        state = flow.run().result[value]
        assert state.is_failed()
        assert all(word in state.message for word in ("unserializable", "x.json", "object"))
        assert self.files(tmp_path) == []
