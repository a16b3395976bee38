"""Processes that want one target at the same instant; the long form is `benchmarks.races`."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from benchmarks.races import Outcome, Racers
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
