"""Clusters that `DaskExecutor` makes for one run, and what of a cluster is lost during one."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from prefect_results import Flow, task
from prefect_results.exceptions import ClusterUnavailable, MissingExtra
from prefect_results.executors import DaskExecutor
from prefect_results.executors.dask import cluster, temporary

pytest.importorskip("distributed")


def test_a_report_without_bokeh_is_refused_before_anything_runs(monkeypatch):
    """Dask would fail the run at its end; the error names the extra."""
    monkeypatch.setattr(cluster, "find_spec", lambda name: None)
    executor = DaskExecutor(performance_report_path="report.html")
    with pytest.raises(MissingExtra, match=r"prefect_results\[dask-report\]"), executor.start():
        pass


def test_a_local_cluster_that_does_not_start_says_what_to_do(monkeypatch):
    """Nearly always a script has no guard; what another class raises is its own."""

    def fail(**kwargs):
        raise RuntimeError("Nanny failed to start.")

    logger = logging.getLogger("test")
    with pytest.raises(RuntimeError, match="^Nanny failed to start.$"):
        temporary.new_cluster(fail, {}, {}, logger)
    monkeypatch.setattr(temporary, "is_local", lambda make: True)
    with pytest.raises(ClusterUnavailable, match="__main__"):
        temporary.new_cluster(fail, {}, {}, logger)


def test_a_local_cluster_keeps_workers_that_die_again(monkeypatch):
    """Dask would give one up that, a while after it died, happens to be dead."""
    import dask
    import distributed

    kwargs = {"n_workers": 1, "threads_per_worker": 1, "silence_logs": 50}
    with (
        dask.config.set({"distributed.deploy.lost-worker-timeout": "0s"}),
        temporary.new_cluster(
            distributed.LocalCluster, kwargs, {}, logging.getLogger("test")
        ) as made,
        distributed.Client(made, set_as_default=False) as client,
    ):
        first = client.submit(os.getpid, pure=False).result()
        os.kill(first, signal.SIGKILL)
        assert client.submit(os.getpid, pure=False).result(60) != first


def test_a_scheduler_that_dies_fails_the_run(tmp_path):
    """At once, and says what happened; the run does not wait for another scheduler."""
    file, started = tmp_path / "scheduler.json", tmp_path / "started"
    command = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--no-dashboard", "--port=0"]
    with subprocess.Popen(
        [*command, "--host=127.0.0.1", f"--scheduler-file={file}"], stderr=subprocess.DEVNULL
    ) as scheduler:
        try:
            address = written_address(file)
            with (
                subprocess.Popen(
                    [sys.executable, "-m", "distributed.cli.dask_worker", address, "--no-nanny"],
                    stderr=subprocess.DEVNULL,
                ) as worker,
            ):
                state = run_and_kill(address, started, scheduler)
                worker.kill()
        finally:
            scheduler.kill()
    assert state.is_failed()
    assert isinstance(state.result, ClusterUnavailable)
    assert f"the Dask scheduler at {address} was lost" in state.message


def written_address(file):
    """The address of a scheduler, once it has written its file."""
    while True:
        with contextlib.suppress(OSError, ValueError):
            return json.loads(file.read_text())["address"]
        time.sleep(0.05)


def run_and_kill(address, started, scheduler):
    """Run a flow, and kill its scheduler when the second task run waits."""
    path = str(started)

    def wait(x):
        import pathlib
        import time

        pathlib.Path(path).touch()
        time.sleep(60 * x)

    with Flow("scheduler dies") as flow:
        waited = task(wait, name="wait")(1)
        task(lambda x: x, name="behind").map([waited])

    def kill():
        while not started.exists():
            time.sleep(0.05)
        scheduler.kill()

    killing = threading.Thread(target=kill)
    killing.start()
    try:
        return flow.run(executor=DaskExecutor(address=address))
    finally:
        killing.join()


@pytest.mark.skipif(importlib.util.find_spec("bokeh") is None, reason="needs bokeh")
def test_a_report_is_written(tmp_path):
    """At the end of the run, also without an own client around it."""
    path = tmp_path / "report.html"
    kwargs = {"processes": False, "n_workers": 1, "dashboard_address": ":0"}
    executor = DaskExecutor(cluster_kwargs=kwargs, performance_report_path=str(path))
    with executor.start():
        assert executor.wait(executor.submit(lambda x: x + 1, 1)) == 2
    assert "<html" in path.read_text()
