"""The loop of `flow.run()`: parameters, context, waiting, pauses, schedules, caches."""

from __future__ import annotations

import datetime
from typing import Any

import pendulum
import pytest

from prefect_results import Flow, Parameter, Task, context, task
from prefect_results.configuration import set_temporary_config
from prefect_results.core import running
from prefect_results.schedules import Schedule
from prefect_results.schedules.clocks import DatesClock
from prefect_results.states import (
    Cached,
    Failed,
    Mapped,
    Paused,
    Pending,
    Resume,
    Retrying,
    Scheduled,
    State,
    Success,
)


class Recorder:
    """A flow runner that notes how it is called and answers with given states."""

    calls: list[dict[str, Any]]
    answers: list[Any]

    def __init__(self, flow: Flow) -> None:
        self.flow = flow

    def run(self, **kwargs: Any) -> State:
        """Note the call; the next answer, a Success of all tasks without one."""
        self.calls.append(kwargs)
        if self.answers:
            answer = self.answers.pop(0)
            return answer(kwargs) if callable(answer) else answer
        return Success(result={t: Success(result=1) for t in self.flow.tasks})


@pytest.fixture
def recorder() -> type[Recorder]:
    """A fresh recorder class."""
    return type("FreshRecorder", (Recorder,), {"calls": [], "answers": []})


@pytest.fixture
def naps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long the loop would have slept."""
    naps: list[float] = []
    monkeypatch.setattr(running, "sleep", naps.append)
    return naps


def test_a_run_gives_a_state_for_each_task() -> None:
    """With the registered runner, without anything else."""

    @task
    def inc(x):
        return x + 1

    with Flow("n") as flow:
        a = inc(Parameter("p", default=1))
    state = flow.run()
    assert state is not None and state.is_successful()
    assert state.result[a].result == 2 and set(state.result) == flow.tasks
    again = flow.run(parameters={"p": 5})
    assert again is not None and again.result[a].result == 6
    once_more = flow.run(p=6)
    assert once_more is not None and once_more.result[a].result == 7


def test_what_the_runner_is_given(recorder: type[Recorder]) -> None:
    """Tasks, states, context and whatever the loop does not know."""
    t, s = Task(name="t"), Task(name="s")
    flow = Flow("n", tasks=[t, s])
    start = Success(result=3)
    flow.run(
        runner_cls=recorder,
        context={"a": 1},
        task_states={t: start},
        task_contexts={t: {"map_index": 2}},
        executor="E",
        task_runner_state_handlers=[print],
        flow_run_name="name",
    )
    (call,) = recorder.calls
    assert call["return_tasks"] == flow.tasks and call["task_states"] == {t: start}
    assert isinstance(call["state"], Scheduled) and call["parameters"] == {}
    assert (call["executor"], call["task_runner_state_handlers"]) == ("E", [print])
    run_context = call["context"]
    assert run_context["a"] == 1 and run_context["flow_id"] == "n"
    assert run_context["flow_run_name"] == "name" and len(run_context["flow_run_id"]) == 36
    assert isinstance(run_context["scheduled_start_time"], pendulum.DateTime)
    contexts = call["task_contexts"]
    assert contexts[t]["map_index"] == 2 and contexts[t]["task_id"] == "t-1"
    ids = {contexts[one]["task_run_id"] for one in (t, s)}
    assert len(ids) == 2 and {len(one) for one in ids} == {36}


def test_the_callers_objects_stay_as_they_were(recorder: type[Recorder]) -> None:
    """Context and parameters are copied."""
    flow = Flow("n", tasks=[Parameter("p"), Parameter("q")])
    own, parameters = {"flow_run_id": "r"}, {"p": 1}
    flow.run(runner_cls=recorder, context=own, parameters=parameters, q=2)
    assert own == {"flow_run_id": "r"} and parameters == {"p": 1}
    assert recorder.calls[0]["parameters"] == {"p": 1, "q": 2}
    assert recorder.calls[0]["context"]["flow_run_id"] == "r"


def test_parameters_are_checked(recorder: type[Recorder]) -> None:
    """Unknown ones and missing ones are named."""
    flow = Flow("n", tasks=[Parameter("p"), Parameter("q", default=1)])
    with pytest.raises(ValueError, match="received the following unexpected parameters: x, y"):
        flow.run(parameters={"x": 1, "y": 2, "p": 3})
    with pytest.raises(ValueError, match="did not receive the following required parameters: p"):
        flow.run(q=3)
    with pytest.raises(ValueError, match="The `return_tasks` keyword cannot be provided"):
        flow.run(p=1, return_tasks=[])
    assert recorder.calls == []


def test_a_flow_cannot_run_in_its_own_block() -> None:
    """It is not finished yet."""
    with (
        pytest.raises(RuntimeError, match=r"`flow.run\(\)` was called inside"),
        Flow("n") as flow,
    ):
        flow.run()
    loading = pytest.warns(UserWarning, match=r"`flow.run\(\)` does nothing")
    with loading, context(loading_flow=True):
        assert Flow("n").run() is None


def test_a_given_state_is_where_the_run_starts(recorder: type[Recorder]) -> None:
    """A finished one is not run again; states of tasks are added to its result."""
    t = Task()
    flow = Flow("n", tasks=[t])
    assert flow.run(runner_cls=recorder, state=Failed()).is_failed()  # type: ignore[union-attr]
    assert recorder.calls == []
    flow.run(runner_cls=recorder, state=Pending(), task_states={t: Success()})
    assert set(recorder.calls[0]["task_states"]) == {t}


def test_tasks_that_were_not_run_are_pending(recorder: type[Recorder]) -> None:
    """Also after a run that was interrupted before the first task."""
    t = Task()
    flow = Flow("n", tasks=[t])
    recorder.answers = [Failed("no")]
    state = flow.run(runner_cls=recorder)
    assert state is not None and state.result[t].message == "Task not run."
    recorder.answers = [Failed("no", result=KeyError("broken"))]
    state = flow.run(runner_cls=recorder)
    assert state is not None and isinstance(state.result, KeyError)


def test_retries_are_waited_for(recorder: type[Recorder], naps: list[float]) -> None:
    """The loop sleeps until the first task can go on, and hands its state on."""
    t, s = Task(), Task()
    flow = Flow("n", tasks=[t, s])
    soon = pendulum.now("utc").add(minutes=1)
    retrying = Retrying(start_time=soon)
    mapped = Mapped(map_states=[Retrying(start_time=soon.add(minutes=1)), Success()])
    running_state = Pending(result={t: retrying, s: mapped})
    recorder.answers = [running_state]
    flow.run(runner_cls=recorder, task_contexts={t: {"kept": 1}})
    assert len(recorder.calls) == 2
    assert recorder.calls[1]["task_states"] == {t: retrying, s: mapped}
    assert recorder.calls[1]["task_contexts"][t]["kept"] == 1
    assert 50 < max(naps) <= 60


def test_a_run_that_does_not_start_is_not_repeated(recorder: type[Recorder]) -> None:
    """A runner that gives a scheduled state back would do so forever."""
    flow = Flow("n", tasks=[Task()])
    recorder.answers = [Scheduled(result={})]
    assert flow.run(runner_cls=recorder).is_scheduled()  # type: ignore[union-attr]
    assert len(recorder.calls) == 1


@pytest.mark.parametrize(("answer", "resumed"), [("y", True), (" Y ", True), ("n", False)])
def test_pauses_ask_for_approval(
    recorder: type[Recorder], monkeypatch: pytest.MonkeyPatch, answer: str, resumed: bool
) -> None:
    """Whoever is at the keyboard decides."""
    t = Task(name="t")
    asked: list[str] = []
    monkeypatch.setattr("builtins.input", lambda text: asked.append(text) or answer)
    recorder.answers = [Pending(result={t: Paused()})]
    Flow("n", tasks=[t]).run(runner_cls=recorder)
    assert asked == ["<Task: t> is currently Paused; enter 'y' to resume:\n"]
    assert isinstance(recorder.calls[1]["task_states"][t], Resume) is resumed


def test_schedules_are_followed_to_their_end(recorder: type[Recorder], naps: list[float]) -> None:
    """One run for each date, with the parameters of its clock under those of the caller."""

    class TwoRuns(Schedule):
        left = 2

        def next(self, n: int, after: Any = None, return_events: bool = False) -> list[Any]:
            events = super().next(n, after, return_events)
            self.left -= 1
            return events if self.left >= 0 else []

    later = pendulum.now("utc").add(days=1)
    clock = DatesClock([later], parameter_defaults={"p": 5})
    flow = Flow("n", tasks=[Parameter("p", default=0)], schedule=TwoRuns([clock]))
    flow.run(runner_cls=recorder)
    assert [call["parameters"] for call in recorder.calls] == [{"p": 5}, {"p": 5}]
    assert recorder.calls[0]["context"]["scheduled_start_time"] == later
    assert recorder.calls[1]["task_states"] == {}
    assert len([nap for nap in naps if nap > 1000]) == 2


def test_schedules_can_be_ignored(recorder: type[Recorder], naps: list[float]) -> None:
    """By an argument or by the configuration; one without further dates is an error."""
    past = Schedule([DatesClock([pendulum.datetime(2000, 1, 1)])])
    flow = Flow("n", tasks=[Task()], schedule=past)
    with pytest.raises(ValueError, match="Flow has no more scheduled runs"):
        flow.run(runner_cls=recorder)
    flow.run(runner_cls=recorder, run_on_schedule=False)
    with set_temporary_config({"flows.run_on_schedule": False}):
        flow.run(runner_cls=recorder)
    assert len(recorder.calls) == 2


def test_caches_are_kept_between_runs(recorder: type[Recorder]) -> None:
    """Those that are not expired, under the cache key or the name."""
    a, b = Task(name="a"), Task(name="b", cache_key="k")
    now = pendulum.now("utc")

    def cached(days: int) -> Cached:
        return Cached(cached_result_expiration=now.add(days=days))

    first, second = cached(1), cached(2)
    with context(caches={"a": [cached(-1)]}):
        recorder.answers = [
            Success(result={a: first, b: Mapped(map_states=[second, Success(), cached(-1)])})
        ]
        Flow("n", tasks=[a, b]).run(runner_cls=recorder)
        assert context.caches == {"a": [first], "k": [second]}


def test_two_runs_share_the_cache() -> None:
    """A task with `cache_for` does not run again in this process."""
    calls: list[int] = []

    @task(cache_for=datetime.timedelta(hours=1))
    def once():
        calls.append(1)
        return 7

    with Flow("n") as flow:
        t = once()
    with context(caches={}):
        states = [flow.run(), flow.run()]
    assert len(calls) == 1 and [state.result[t].result for state in states if state] == [7, 7]


def test_the_default_runner_is_registered(
    recorder: type[Recorder], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A class, or a function that finds it for each run."""
    monkeypatch.setattr(running, "_default_runner", None)
    flow = Flow("n")
    with pytest.raises(RuntimeError, match="No flow runner is registered"):
        flow.run()
    running.register_flow_runner(recorder)
    flow.run()
    running.register_flow_runner(lambda: recorder)
    flow.run()
    assert len(recorder.calls) == 2
