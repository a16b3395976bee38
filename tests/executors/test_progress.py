"""The progress of a run is shown with every executor, where that is switched on."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from prefect_results import Flow, Task, flatten, task
from prefect_results.configuration import set_temporary_config
from prefect_results.engine import watching
from prefect_results.executors import LocalExecutor
from prefect_results.progress import Counts
from prefect_results.results import LocalResult
from prefect_results.triggers import all_finished
from tests.executors.conftest import make_executor


@task
def numbers() -> list[int]:
    return list(range(30))


@task
def half(x: int) -> int:
    if x % 2:
        raise ValueError(x)
    return x // 2


@task
def inc(x: int) -> int:
    return x + 1


@task
def pair(x: int) -> list[int]:
    return [x, x]


@pytest.fixture(params=["local", "sync", "threads", "processes", "dask"])
def any_executor(request: pytest.FixtureRequest) -> Any:
    """An executor of each kind."""
    return LocalExecutor() if request.param == "local" else make_executor(request.param, request)


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Counts]:
    """The counts of the runs that were shown."""
    found: list[Counts] = []

    def make(*args: Any) -> Counts:
        found.append(Counts(*args))
        return found[-1]

    monkeypatch.setattr(watching, "Counts", make)
    return found


def test_all_task_runs_are_counted(
    any_executor: Any, made: list[Counts], capsys: pytest.CaptureFixture[str]
) -> None:
    """Plain, mapped, failed and flattened ones; the last line tells."""
    with Flow("shown") as flow:
        halves = half.map(numbers())
        inc.map(halves)
        pairs = inc.map(flatten(pair.map(numbers(task_args={"name": "more"}))))
        pairs.name = "flat"
    with set_temporary_config({"flows.progress": True}):
        state = flow.run(executor=any_executor)
    assert state.is_failed()
    (counts,) = made
    found = {c.name: (c.total, c.done, c.failed, c.running) for c in counts.tasks.values()}
    assert found == {
        "numbers": (1, 1, 0, 0),
        "more": (1, 1, 0, 0),
        "half": (30, 15, 15, 0),
        "inc": (30, 15, 15, 0),
        "pair": (30, 30, 0, 0),
        "flat": (60, 60, 0, 0),
    }
    last = capsys.readouterr().err.splitlines()[-1]
    assert "half 30/30, 15 failed" in last and "4 of 6 tasks done" in last


def test_what_is_done_elsewhere_is_counted_as_it_arrives(
    remote: Any, monkeypatch: pytest.MonkeyPatch, gate: Any
) -> None:
    """The first task is told of while the second one waits."""
    opened = gate("opened")

    class Waiting(Task):
        def run(self, xs: Any) -> None:
            assert opened.wait()

    with Flow("live") as flow:
        Waiting(name="waiting", trigger=all_finished)(half.map([0, 2, 3]))

    class Opening(Counts):
        def count(self, slug: str, done: int, failed: int) -> None:
            super().count(slug, done, failed)
            if self.tasks["half-1"].finished == 3:
                opened.open()

    monkeypatch.setattr(watching, "Counts", Opening)
    with set_temporary_config({"flows.progress": "lines"}):
        state = flow.run(executor=remote)
    assert state.is_successful()


def test_nothing_is_shown_unless_it_is_switched_on(
    any_executor: Any, made: list[Counts], capsys: pytest.CaptureFixture[str]
) -> None:
    """Off by default."""
    with Flow("quiet") as flow:
        inc.map(numbers())
    assert flow.run(executor=any_executor).is_successful()
    assert made == [] and "Progress" not in capsys.readouterr().err


def test_a_run_inside_of_a_run_is_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    """One display at a time: a flow that a task runs is that task's business."""

    @task
    def outer() -> None:
        with Flow("inner") as inner:
            inc(1)
        assert inner.run().is_successful()

    with Flow("outer") as flow:
        outer()
    with set_temporary_config({"flows.progress": True}):
        assert flow.run().is_successful()
    shown = [line for line in capsys.readouterr().err.splitlines() if "Progress" in line]
    assert len(shown) == 1 and "1 of 1 tasks done" in shown[0]


def test_a_setting_that_says_nothing_known_is_refused() -> None:
    """The message names the setting and what it may be."""
    with Flow("refused") as flow:
        inc(1)
    with set_temporary_config({"flows.progress": "table"}):
        state = flow.run()
    assert state.is_failed() and "flows.progress is 'table'" in state.message


def test_a_terminal_gets_a_table(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal the display is rich's."""
    pytest.importorskip("rich")
    from prefect_results.progress import showing

    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with set_temporary_config({"flows.progress": True}):
        shown = showing(lambda: Counts({}))
    assert type(shown._display).__name__ == "Terminal"


def test_a_display_does_not_hide_that_results_are_not_kept(
    tmp_path: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """Only recording a run keeps what is not checkpointed."""
    with Flow("shown", result=LocalResult(str(tmp_path))) as flow:
        numbers()
    with set_temporary_config({"flows.progress": True}), caplog.at_level("INFO"):
        flow.run()
    assert "Its result is not persisted" in caplog.text
