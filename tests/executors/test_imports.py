"""What is said of modules that a cluster cannot import."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import pytest

from prefect_results import Flow, task
from prefect_results.exceptions import ClusterUnavailable
from prefect_results.executors.dask.imports import explained

from .conftest import make_executor


class Thing:
    """What a worker is to make out."""


def test_a_module_that_workers_lack_is_named(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The task that is to get what it defines says so, and what to do."""
    pytest.importorskip("distributed")
    module = ModuleType("only_here")
    module.Thing = Thing  # type: ignore[attr-defined]
    monkeypatch.setattr(Thing, "__module__", "only_here")
    monkeypatch.setitem(sys.modules, "only_here", module)
    use: Any = task(lambda thing: 1, name="use")
    with Flow("imports") as flow:
        used = use(Thing())
    state = flow.run(executor=make_executor("dask", request)).result[used]
    assert state.is_failed()
    assert str(state.message).startswith("Task 'use': No module named 'only_here', says a worker")
    assert "install it there" in str(state.message)
    assert isinstance(state.result, ModuleNotFoundError)


def test_a_cluster_without_this_library_is_unavailable() -> None:
    """Whoever meets it first, nothing can run there."""
    missing = ModuleNotFoundError("No module named 'x'", name="prefect_results.engine")
    graph = RuntimeError("Error during deserialization of the task graph.")
    graph.__cause__ = missing
    found = explained(graph, "tcp://here:1")
    assert isinstance(found, ClusterUnavailable)
    assert "tcp://here:1 cannot import prefect_results" in str(found)


def test_another_error_stays_what_it_is() -> None:
    """Only what is about modules is explained."""
    assert explained(ValueError("no"), "tcp://here:1") is None
