"""Recorded runs: what is in the run store afterwards, and what a resumed run does again."""

from __future__ import annotations

import datetime
import os
import pickle
import signal
import subprocess
import sys
import textwrap
import uuid

import pytest

import prefect_results
from prefect_results import Flow, Parameter, State, context, task
from prefect_results.backend.recording import Recorder
from prefect_results.backend.store import open_store
from prefect_results.engine import FlowRunner, TaskRunner
from prefect_results.exceptions import ConfigurationError, RecordNotFound, VersionLockMismatchSignal
from prefect_results.executors import LocalDaskExecutor
from prefect_results.results import LocalResult


@pytest.fixture
def store(tmp_path):
    opened = open_store(tmp_path / "runs.db")
    yield opened
    opened.close()


@task
def numbers(n):
    return list(range(n))


@task
def inc(x):
    return x + 1


@task
def total(xs):
    return sum(xs)


def example():
    with Flow("example") as flow:
        total(inc.map(numbers(Parameter("n", default=3))))
    return flow


def rows(store, run_id, slug=None):
    return {
        (row.task_slug, row.map_index): row
        for row in store.list_task_runs(run_id, task_slug=slug, limit=1000).items
    }


class TestRecord:
    def test_running_states_say_what_runs(self, store):
        """The flow's and a task's each have their own message."""
        state = example().run(record=True, store=store)
        run_id = state.context["flow_run_id"]
        row = rows(store, run_id)["numbers-1", -1]
        first = store.task_run_states(row.id)[0].serialized_state
        assert (first["type"], first["message"]) == ("Running", "Starting task run.")
        assert store.flow_run_states(run_id)[1].serialized_state["message"] == "Running flow."

    def test_every_state_is_in_the_store(self, store):
        """A finished run has its states and their history, mapped children included."""
        state = example().run(n=4, record=True, store=store)
        run_id = state.context["flow_run_id"]
        run = store.get_flow_run(run_id)
        assert run.state == "Success"
        assert run.parameters == {"n": 4}
        assert [one.state for one in store.flow_run_states(run_id)] == [
            "Scheduled",
            "Running",
            "Success",
        ]
        found = rows(store, run_id)
        assert {key: row.state for key, row in found.items()} == {
            ("n", -1): "Success",
            ("numbers-1", -1): "Success",
            ("inc-1", -1): "Mapped",
            **{("inc-1", index): "Success" for index in range(4)},
            ("total-1", -1): "Success",
        }
        history = store.task_run_states(found["total-1", -1].id)
        assert [one.state for one in history] == ["Running", "Success"]
        last = State.deserialize(found["total-1", -1].serialized_state)
        assert last.load_result().result == 10

    @pytest.mark.parametrize("scheduler", ["threads", "processes"])
    def test_runs_on_other_executors_are_recorded(self, store, scheduler):
        """States of task runs in threads and in processes of their own are in the store too."""
        executor = LocalDaskExecutor(scheduler, num_workers=2)
        state = example().run(n=5, record=True, store=store, executor=executor)
        assert state.is_successful()
        found = rows(store, state.context["flow_run_id"])
        assert {row.state for (slug, _), row in found.items() if slug != "inc-1"} == {"Success"}
        assert [found["inc-1", index].state for index in range(5)] == ["Success"] * 5
        assert found["inc-1", -1].state == "Mapped"
        total_run = State.deserialize(found["total-1", -1].serialized_state)
        assert total_run.load_result().result == 15

    def test_the_caller_may_say_the_id_and_the_name(self, store):
        """`flow_run_id` and `flow_run_name` given to the run are those of the recorded one."""
        given = {"flow_run_id": str(uuid.uuid4()), "flow_run_name": "mine"}
        state = example().run(record=True, store=store, **given)
        assert state.context["flow_run_id"] == given["flow_run_id"]
        assert store.get_flow_run(given["flow_run_id"]).name == "mine"

    def test_a_plain_run_is_not_recorded(self, store):
        """Without `record` nothing is written."""
        example().run(store=store)
        assert store.list_flow_runs().items == ()

    def test_the_configuration_can_switch_it_on(self, monkeypatch, home_dir):
        """With `flows.record` every run is recorded, in the home folder by default."""
        monkeypatch.setitem(prefect_results.config.flows, "record", True)
        state = example().run()
        with open_store(home_dir / "prefect_results.db").transaction():
            pass
        assert open_store().get_flow_run(state.context["flow_run_id"]).state == "Success"

    def test_a_task_finds_the_ids_of_its_run(self, store):
        """`flow_run_id` and `task_run_id` in the context are those of the store."""
        seen = {}

        @task
        def look(x):
            context = prefect_results.context
            seen[context.map_index] = (context.flow_run_id, context.task_run_id)

        with Flow("look") as flow:
            look.map([1, 2])
        run_id = flow.run(record=True, store=store).context["flow_run_id"]
        found = rows(store, run_id, "look-1")
        assert seen == {index: (run_id, found["look-1", index].id) for index in (0, 1)}

    def test_lines_of_the_log_are_recorded(self, store):
        """What is logged during the run is in its log, with the task run where there is one."""

        @task
        def talks():
            prefect_results.context.logger.warning("careful")

        with Flow("talks") as flow:
            talks()
        run_id = flow.run(record=True, store=store).context["flow_run_id"]
        lines = store.list_logs(run_id).items
        (careful,) = [line for line in lines if line.message == "careful"]
        assert careful.level == "WARNING"
        assert careful.task_run_id == rows(store, run_id)["talks-1", -1].id
        assert any("Flow run SUCCESS" in (line.message or "") for line in lines)

    def test_own_runners_and_handlers_are_recorded_too(self, store):
        """A runner of one's own, and what handlers decide, is what the store has."""

        class Own(FlowRunner):
            def __init__(self, flow):
                super().__init__(flow, task_runner_cls=type("Own", (TaskRunner,), {}))

        def skip(obj, old, new):
            return prefect_results.states.Skipped("no") if new.is_running() else new

        with Flow("own") as flow:
            task(lambda: 1, name="t", state_handlers=[skip])()
        run_id = flow.run(record=True, store=store, runner_cls=Own).context["flow_run_id"]
        assert store.get_flow_run(run_id).state == "Success"
        assert rows(store, run_id)["t-1", -1].state == "Skipped"

    def test_a_value_that_cannot_be_pickled_is_left_out(self, store):
        """The run goes on, and the recorded state says that its value is not there."""
        with Flow("generator") as flow:
            task(lambda: (x for x in [1]), name="g")()
        state = flow.run(record=True, store=store)
        assert state.is_successful()
        row = rows(store, state.context["flow_run_id"])["g-1", -1]
        assert row.state == "Success"
        assert "its value is not recorded" in row.serialized_state["message"]

    def test_two_writers_of_one_run_do_not_mix(self, store):
        """The one that comes second stops with a signal, and the store stays as it was."""
        flow = example()
        run_id = flow.run(record=True, store=store).context["flow_run_id"]
        run = store.get_flow_run(run_id)
        tasks = {row.slug: row.id for row in store.list_tasks(run.flow_id)}
        late = Recorder(store, run_id, tasks, version=1)
        with pytest.raises(VersionLockMismatchSignal):
            late.flow_run_changed(prefect_results.states.Failed("late"))
        assert store.get_flow_run(run_id).state == "Success"

    def test_a_recorder_travels(self, store):
        """In another process the recorder opens the same store."""
        flow = example()
        run = store.get_flow_run(flow.run(record=True, store=store).context["flow_run_id"])
        tasks = {row.slug: row.id for row in store.list_tasks(run.flow_id)}
        recorder = Recorder(store, run.id, tasks)
        arrived = pickle.loads(pickle.dumps(recorder))
        assert arrived.task_run_id("inc-1", 5) == recorder.task_run_id("inc-1", 5)


class TestResume:
    def flow(self, tmp_path, calls):
        result = LocalResult(
            dir=str(tmp_path / "values"), location="{task_name}-{map_index}.pickle"
        )

        @task(result=result)
        def work(x):
            calls.append(x)
            if x == 2 and not (tmp_path / "mended").exists():
                raise ValueError("two")
            return x * 10

        with Flow("resumed") as flow:
            total(work.map(numbers(Parameter("n"))))
        return flow

    def test_what_succeeded_is_not_run_again(self, store, tmp_path):
        """A run that failed goes on: only what did not succeed is run."""
        calls = []
        flow = self.flow(tmp_path, calls)
        with prefect_results.context(checkpointing=True):
            state = flow.run(n=4, record=True, store=store)
            assert state.is_failed()
            (tmp_path / "mended").touch()
            again = flow.run(resume=state.context["flow_run_id"], store=store)
        assert again.is_successful()
        assert again.context["flow_run_id"] == state.context["flow_run_id"]
        assert calls == [0, 1, 2, 3, 2]
        run_id = state.context["flow_run_id"]
        found = rows(store, run_id)
        assert State.deserialize(found["total-1", -1].serialized_state).load_result().result == 60
        assert store.get_flow_run(run_id).state == "Success"

    def test_a_recorded_result_is_not_said_to_be_lost(self, store, tmp_path, caplog):
        """Recording persists values without checkpoints, so the log does not say otherwise."""
        flow = self.flow(tmp_path, [])
        (tmp_path / "mended").touch()
        with caplog.at_level("INFO"):
            state = flow.run(n=2, record=True, store=store)
        assert "Beginning Flow run" in caplog.text
        assert "not persisted" not in caplog.text
        found = rows(store, state.context["flow_run_id"])["work-1", 0].serialized_state
        assert State.deserialize(found).load_result().result == 0

    def test_a_result_that_is_gone_is_computed_again(self, store, tmp_path, caplog):
        """A finished task whose file was deleted is run again; the log names its map index."""
        calls = []
        flow = self.flow(tmp_path, calls)
        with prefect_results.context(checkpointing=True):
            state = flow.run(n=4, record=True, store=store)
            (tmp_path / "mended").touch()
            os.remove(tmp_path / "values" / "work-1.pickle")
            again = flow.run(resume=state.context["flow_run_id"], store=store)
        assert again.is_successful()
        assert sorted(calls) == [0, 1, 1, 2, 2, 3]
        assert "Task run 'work-1[1]' is run again" in caplog.text

    @pytest.mark.parametrize("data", [b"", b"\x80", b"x" * 5, b"x" * 99])
    def test_a_result_that_is_damaged_is_computed_again(self, store, tmp_path, caplog, data):
        """A finished task whose file is not what was written is run again, and the log says so."""
        calls = []
        flow = self.flow(tmp_path, calls)
        with prefect_results.context(checkpointing=True):
            state = flow.run(n=4, record=True, store=store)
            (tmp_path / "mended").touch()
            (tmp_path / "values" / "work-1.pickle").write_bytes(data)
            again = flow.run(resume=state.context["flow_run_id"], store=store)
        assert again.is_successful()
        assert sorted(calls) == [0, 1, 1, 2, 2, 3]
        assert "Task run 'work-1[1]' is run again, as its result cannot be read" in caplog.text

    def test_a_finished_run_runs_nothing(self, store):
        """Going on with a run that succeeded computes nothing."""
        flow = example()
        state = flow.run(n=3, record=True, store=store)
        again = flow.run(resume=state.context["flow_run_id"], store=store)
        assert again.is_successful()
        versions = {
            key: row.version for key, row in rows(store, state.context["flow_run_id"]).items()
        }
        assert versions["total-1", -1] == 2

    def test_the_run_must_be_one_of_this_flow(self, store):
        """A run of another flow, or of none, is refused with the reason."""
        run_id = example().run(record=True, store=store).context["flow_run_id"]
        with Flow("other") as other:
            inc(1)
        with pytest.raises(ConfigurationError, match="is a run of flow 'example'"):
            other.run(resume=run_id, store=store)
        with pytest.raises(RecordNotFound):
            other.run(resume="00000000-0000-0000-0000-000000000000", store=store)


KILLED = """
    import sys, os
    import prefect_results
    from prefect_results import Flow, task, Parameter
    from prefect_results.results import LocalResult

    folder = sys.argv[1]

    @task
    def numbers():
        return list(range(40))

    @task(result=LocalResult(dir=folder + "/values", location="{map_index}.pickle"))
    def work(x):
        with open(folder + "/calls", "a") as calls:
            calls.write(f"{x}\\n")
        return x * 2

    @task
    def total(xs):
        return sum(xs)

    with Flow("killed") as flow:
        total(work.map(numbers()))

    with prefect_results.context(checkpointing=True):
        state = flow.run(store=folder + "/runs.db", **eval(sys.argv[2]))
    print(state.result[flow.get_tasks("total")[0]].result)
"""


@pytest.mark.parametrize("at", [1, 7, 25])
def test_a_killed_run_goes_on(tmp_path, at):
    """After SIGKILL nothing that was recorded as finished is run again, and nothing is lost."""
    script = tmp_path / "flow.py"
    script.write_text(textwrap.dedent(KILLED))
    calls = tmp_path / "calls"
    environment = {**os.environ, "PYTHONPATH": os.getcwd(), "PREFECT__LOGGING__LEVEL": "ERROR"}
    arguments = [sys.executable, str(script), str(tmp_path)]
    process = subprocess.Popen([*arguments, "{'record': True}"], env=environment)
    while process.poll() is None and not (calls.exists() and len(calls.read_text().split()) >= at):
        pass
    process.send_signal(signal.SIGKILL)
    process.wait()

    store = open_store(tmp_path / "runs.db")
    (run,) = store.list_flow_runs().items
    finished = {
        str(row.map_index)
        for row in store.list_task_runs(run.id, task_slug="work-1", children=True).items
        if row.state == "Success"
    }
    before = calls.read_text().split()
    done = subprocess.run(
        [*arguments, f"{{'resume': {run.id!r}}}"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    again = calls.read_text().split()[len(before) :]
    assert done.stdout.strip() == str(sum(x * 2 for x in range(40)))
    assert not finished.intersection(again)
    assert set(before) | set(again) == {str(x) for x in range(40)}
    assert store.get_flow_run(run.id).state == "Success"
    store.close()


def test_a_retry_that_waits_goes_on(store):
    """A task that was to be tried again later keeps its count and its inputs."""
    later = datetime.timedelta(milliseconds=1)
    seen = []

    @task(max_retries=2, retry_delay=later)
    def flaky(x):
        seen.append(prefect_results.context.task_run_count)
        if len(seen) < 2:
            raise ValueError(x)
        return x

    with Flow("flaky") as flow:
        value = flaky(5)
    state = flow.run(record=True, store=store)
    assert state.result[value].result == 5
    history = [
        one.state
        for one in store.task_run_states(
            rows(store, state.context["flow_run_id"])["flaky-1", -1].id
        )
    ]
    assert history == ["Running", "Failed", "Retrying", "Running", "Success"]


def test_what_is_stored_behind_is_recorded_with_its_place(store, tmp_path):
    """A recorded success says where its bytes lie, whichever thread stored them."""
    result = LocalResult(str(tmp_path / "results"), location="{task_slug}-{map_index}")
    with Flow("behind", result=result, checkpoint_behind=True) as flow:
        total(inc.map(numbers(Parameter("n", default=3))))
    with context(checkpointing=True):
        state = flow.run(record=True, store=store)
    found = rows(store, state.context["flow_run_id"])
    values = {
        key: State.deserialize(row.serialized_state).load_result().result
        for key, row in found.items()
        if row.state == "Success" and key[0] != "n"
    }
    assert values == {
        ("numbers-1", -1): [0, 1, 2],
        **{("inc-1", index): index + 1 for index in range(3)},
        ("total-1", -1): 6,
    }


@pytest.mark.parametrize("odd", ["a\0b", "a\ud800b"])
def test_names_that_no_database_stores(store, odd, caplog):
    """A run with them is recorded, with stand-ins for the characters, and gone on with."""
    # Processes of pytest cannot tell each other of lines with half a surrogate pair.
    caplog.set_level("CRITICAL", logger="prefect_results")

    @task(name=odd, tags=[odd])
    def named():
        return 1

    with Flow("odd names") as flow:
        inc(named())
        named(task_args={"slug": odd})
    state = flow.run(record=True, store=store)
    assert state.is_successful()
    (run,) = store.list_flow_runs().items
    assert len(rows(store, run.id)) == 3
    again = flow.run(resume=run.id, store=store)
    assert again.is_successful()
