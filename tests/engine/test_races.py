"""Processes that want one target at the same instant; the long form is `benchmarks.races`."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from pathlib import Path

import pytest

from benchmarks.races import Outcome, Racers, worker
from prefect_results.caching.locks import is_lock
from prefect_results.results import LocalResult


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the processes are forked")
def test_processes_that_race_compute_once_and_once_more_for_a_killed_one(tmp_path: Path) -> None:
    """Eight processes compute a target once; twice, if the first one is killed half-way."""
    racers = Racers(8, LocalResult(dir=str(tmp_path)), seconds=0.05, lease=2.0, shared=True)
    try:
        plain = [racers.race(f"round-{number}") for number in range(5)]
        killed = racers.race("kill", kill=True)
    finally:
        racers.close()
    assert [outcome[:2] for outcome in plain] == [(1, 0)] * 5
    assert isinstance(killed, Outcome)
    assert killed[:2] == (2, 0)
    names = ["kill", *(f"round-{number}" for number in range(5))]
    assert sorted(os.listdir(tmp_path / "races")) == names


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_process_that_is_asked_to_end_gives_its_lock_back(tmp_path: Path, number: int) -> None:
    """A run that is terminated or interrupted while it computes leaves neither value nor lock."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    result = LocalResult(dir=str(tmp_path))
    process = context.Process(target=worker, args=(there, result, 0.0, 3600.0, True))
    # Where these tests run in the background, what they start would not hear of Ctrl-C.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    process.start()
    signal.signal(signal.SIGINT, before)
    here.send(("target", time.monotonic()))
    assert here.recv()[0] == "is half-way"
    assert [is_lock(name) for name in os.listdir(tmp_path / "races")] == [True]
    assert process.pid is not None
    os.kill(process.pid, number)
    process.join(60)
    assert process.exitcode not in (None, 0)
    assert os.listdir(tmp_path / "races") == []
