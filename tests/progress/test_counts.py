"""What is counted of a flow run, and how it is put."""

from __future__ import annotations

import io
import pickle
from typing import Any

import pytest

from prefect_results import task
from prefect_results.progress import Counts
from prefect_results.progress.lines import Lines, duration, summary
from prefect_results.states import Failed, Looped, Mapped, Pending, Retrying, Running, Success


class Clock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@task(slug="work-1")
def work() -> None:
    """A task to count."""


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def counts(clock: Clock) -> Counts:
    return Counts({"work-1": "work", "other-1": "other"}, clock=clock)


def test_children_are_counted_by_their_states(counts: Counts) -> None:
    """A child is running until it is finished, once, whatever its states are on the way."""
    counts.task_run_changed(work, None, Mapped(n_map_states=4))
    for index, states in enumerate(
        [
            [Running(), Success(), Success()],
            [Running(), Retrying(), Pending(), Running(), Failed()],
            [Running(), Looped(loop_count=1), Running()],
        ]
    ):
        for state in states:
            counts.task_run_changed(work, index, state)
    counted = counts.tasks["work-1"]
    assert (counted.total, counted.done, counted.failed, counted.running) == (4, 1, 1, 1)


def test_the_estimate_goes_by_those_before(counts: Counts, clock: Clock) -> None:
    """As fast as those before, from the start of the first; the clock stops with the last."""
    counted = counts.tasks["work-1"]
    counts.expect("work-1", 10)
    clock.now = 100
    counts.hand_over("work-1", 10)
    assert counted.left() is None
    clock.now = 104
    counts.count("work-1", 3, 1)
    assert (counted.elapsed(), counted.left()) == (4, 6)
    counts.count("work-1", 6, 0)
    clock.now = 200
    assert (counted.is_over, counted.elapsed(), counted.left()) == (True, 4, 0)


def test_waiting_for_a_retry_is_no_measure(counts: Counts, clock: Clock) -> None:
    """The estimate goes by the time in which something ran."""
    counted = counts.tasks["work-1"]
    counts.expect("work-1", 5)
    counts.hand_over("work-1", 5)
    clock.now += 4
    counts.count("work-1", 4, 0)
    counted.put_off()
    clock.now += 96
    assert (counted.elapsed(), counted.left()) == (100, 1)
    counts.hand_over("work-1", 1)
    clock.now += 2
    assert counted.left() == 1.5


def test_what_is_settled_stays(counts: Counts) -> None:
    """Counts that arrive behind the final states change nothing."""
    counts.expect("work-1", None)
    counts.hand_over("work-1", 5)
    counts.count("work-1", 2, 0)
    counts.settle("work-1", 4, 1, 5)
    counts.count("work-1", 3, 0)
    counted = counts.tasks["work-1"]
    assert (counted.total, counted.done, counted.failed, counted.running) == (5, 4, 1, 0)


def test_another_listener_hears_everything() -> None:
    """Whoever listens to the run besides, such as a recorder, goes on doing so."""
    heard: list[Any] = []

    class Other:
        def task_run_changed(self, *args: Any) -> None:
            heard.append(args)

        def task_run_id(self, slug: str, index: int | None) -> str:
            return f"{slug} {index}"

        def flush(self) -> None:
            heard.append("flush")

    counts = Counts({"work-1": "work"}, Other())
    state = Success()
    counts.task_run_changed(work, 3, state)
    counts.flush()
    assert heard == [(work, 3, state), "flush"]
    assert counts.task_run_id("a", 1) == "a 1"


def test_counts_do_not_travel(counts: Counts) -> None:
    """In another process there is nobody to look at them."""
    arrived = pickle.loads(pickle.dumps(counts))
    arrived.task_run_changed(work, None, Success())
    assert arrived.tasks == {}


def test_a_line_says_what_is_under_way(counts: Counts) -> None:
    """Tasks that are over are counted together; those that wait are not mentioned."""
    assert summary(counts) == ""
    counts.expect("work-1", 1500)
    counts.hand_over("work-1", 1500)
    assert summary(counts) == "work 0/1,500, 1,500 running"
    counts.expect("work-1", None)
    assert summary(counts) == "work 0/?, 1,500 running"
    counts.count("other-1", 1, 0)
    assert summary(counts) == "work 0/?, 1,500 running; 1 of 2 tasks done"
    counts.settle("work-1", 1499, 1, 1500)
    assert summary(counts) == "work 1,500/1,500, 1 failed; 1 of 2 tasks done"


def test_lines_come_when_it_is_time_and_something_changed(counts: Counts, clock: Clock) -> None:
    """One line in so many seconds at most, none that says the same, and a last one."""
    stream = io.StringIO()
    lines = Lines(counts, stream, 5)
    lines.start()
    counts.expect("work-1", 3)
    counts.hand_over("work-1", 3)
    for now in (1, 4, 5, 6, 12, 13):
        clock.now = now
        lines.update()
    counts.count("work-1", 3, 0)
    clock.now = 14
    lines.stop()
    assert stream.getvalue().splitlines() == [
        "Progress after 5 s: work 0/3, 3 running",
        "Progress after 14 s: 1 of 2 tasks done",
    ]


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.4, "0 s"), (59, "59 s"), (185, "3:05"), (7385, "2:03:05")]
)
def test_times_are_short(seconds: float, words: str) -> None:
    """Seconds, minutes or hours."""
    assert duration(seconds) == words
