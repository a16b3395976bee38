"""The protocol of storage locks, under any schedule of processes that stop, die and take over."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.caching.schedules import LEASE, World

ACTIONS = st.one_of(
    st.tuples(st.just("step"), st.integers(0, 3)),
    st.tuples(st.just("run"), st.integers(0, 3)),
    st.tuples(st.just("wait"), st.sampled_from([LEASE / 8, LEASE / 3, LEASE, 3 * LEASE])),
    st.tuples(st.just("stop"), st.sets(st.integers(0, 3), max_size=3).map(tuple)),
    st.tuples(st.just("kill"), st.integers(0, 3)),
)
FAULTS = st.one_of(
    ACTIONS,
    st.tuples(
        st.just("fault"),
        st.tuples(st.integers(0, 3), st.sampled_from(["lost", "unanswered", "late"])),
    ),
    st.tuples(st.just("arrive"), st.none()),
)
STEPS = st.lists(st.integers(0, 6), min_size=2, max_size=4)


def carry_out(world: World, actions: list[tuple[str, Any]]) -> None:
    """Do what a schedule says, and look after each step."""
    for action, argument in actions:
        if action == "wait":
            world.pass_time(argument)
        elif action == "fault":
            number, kind = argument
            world.processes[number % len(world.processes)].fault = kind
        elif action == "arrive":
            world.arrive()
        elif action == "stop":
            others = [p for n, p in enumerate(world.processes) if n not in argument]
            for _ in range(9):
                for process in others:
                    process.step()
                    assert len(world.valid()) <= 1
                world.pass_time(LEASE / 7)
                assert len(world.valid()) <= 1
        else:
            process = world.processes[int(argument) % len(world.processes)]
            for _ in range(12 if action == "run" else 1):
                process.kill() if action == "kill" else process.step()
                assert len(world.valid()) <= 1
        assert len(world.valid()) <= 1


def finish(world: World) -> None:
    """Let everybody go on in turn, until all are done."""
    for _ in range(400):
        living = list(world.living())
        if not living:
            return
        for process in living:
            for _ in range(3):
                process.step()
                assert len(world.valid()) <= 1
        world.pass_time(LEASE / 10)
    raise AssertionError(f"{[process.name for process in world.living()]} wait forever")


@settings(max_examples=150)
@given(STEPS, st.lists(ACTIONS, max_size=60))
def test_there_is_one_holder_at_most_and_nobody_waits_forever(
    steps: list[int], actions: list[tuple[str, Any]]
) -> None:
    """Whoever stops or dies, for however long, at whichever request: one holds it at most."""
    world = World(steps)
    try:
        carry_out(world, actions)
        finish(world)
        for process in world.processes:
            assert process.error is None
        assert all(others == [] for _, others in world.committed)
        if all(process.outcome != "killed" for process in world.processes):
            assert world.left_over() == []
    finally:
        world.close()


@settings(max_examples=200)
@given(STEPS, st.lists(FAULTS, max_size=80))
def test_requests_that_go_wrong_change_nothing_of_that(
    steps: list[int], actions: list[tuple[str, Any]]
) -> None:
    """Whatever is lost, whatever is done although nobody says so, or late: one holds it at most."""
    world = World(steps)
    try:
        carry_out(world, actions)
        finish(world)
        for process in world.processes:
            assert process.error is None
        assert all(others == [] for _, others in world.committed)
    finally:
        world.close()


def test_a_removal_whose_answer_is_lost_is_not_made_again() -> None:
    """What a second one would remove is the lock of somebody else."""
    world = World([1, 50, 0])
    first, second, third = world.processes
    try:
        run_until_held(world, 0)
        while first.removing is None:
            first.step()
        first.fault = "unanswered"
        first.step()
        run_until_held(world, 1)
        for _ in range(30):
            first.step()
            third.step()
            assert world.valid() == [second]
        assert first.outcome == "released"
    finally:
        world.close()


def test_a_sign_of_life_that_is_lost_costs_nothing() -> None:
    """One of three in a lease may be lost."""
    world = World([500, 0])
    holder, waiting = world.processes
    try:
        run_until_held(world, 0)
        for turn in range(24):
            if turn % 6 == 0:
                holder.fault = "lost"
            for _ in range(3):
                holder.step()
            waiting.step()
            world.pass_time(LEASE / 6)
            assert not waiting.is_valid()
        assert holder.is_valid()
    finally:
        world.close()


def run_until_held(world: World, number: int) -> None:
    """Let one process go on until it holds the lock."""
    while not world.processes[number].is_valid():
        world.processes[number].step()


def test_a_dead_holder_is_succeeded_once() -> None:
    """Of many who saw the holder's last sign of life a lease ago, one takes over."""
    world = World([100, 0, 0, 0])
    try:
        run_until_held(world, 0)
        world.processes[0].kill()
        for _ in range(3):
            for process in world.processes[1:]:
                for _ in range(6):
                    process.step()
            world.pass_time(LEASE / 2)
        finish(world)
        assert sorted(name for name, _ in world.committed) == ["p1", "p2", "p3"]
        assert world.left_over() == []
    finally:
        world.close()


def test_a_holder_that_was_stopped_notices() -> None:
    """One that goes on after another took over commits nothing, and leaves its lock alone."""
    world = World([3, 50])
    try:
        run_until_held(world, 0)
        for _ in range(60):
            world.processes[1].step()
            world.pass_time(LEASE / 10)
        assert world.processes[1].is_valid()
        while not world.processes[0].is_done:
            world.processes[0].step()
        assert world.processes[0].outcome == "lost"
        assert world.committed == []
        assert world.processes[1].is_valid()
    finally:
        world.close()
