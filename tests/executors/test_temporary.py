"""Clusters that `DaskExecutor` makes for one run."""

from __future__ import annotations

import importlib.util
import logging

import pytest

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


@pytest.mark.skipif(importlib.util.find_spec("bokeh") is None, reason="needs bokeh")
def test_a_report_is_written(tmp_path):
    """At the end of the run, also without an own client around it."""
    path = tmp_path / "report.html"
    kwargs = {"processes": False, "n_workers": 1, "dashboard_address": ":0"}
    executor = DaskExecutor(cluster_kwargs=kwargs, performance_report_path=str(path))
    with executor.start():
        assert executor.wait(executor.submit(lambda x: x + 1, 1)) == 2
    assert "<html" in path.read_text()
