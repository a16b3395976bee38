"""Flows in files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from prefect_results import Flow, Parameter, task
from prefect_results.core.files import slugify


def example() -> Flow:
    """A flow whose function exists in no module that another process could import."""
    suffix = 10

    @task
    def inc(x):
        return x + suffix

    with Flow("My Flow!") as flow:
        inc(Parameter("p", default=1))
    return flow


def test_a_flow_is_saved_under_its_name(home_dir: Path) -> None:
    """In the home folder, where loading by name finds it."""
    path = example().save()
    assert path == os.path.join(home_dir, "flows", "my-flow.prefect")
    loaded = Flow.load("My Flow!")
    state = loaded.run()
    assert state is not None
    assert sorted(s.result for s in state.result.values()) == [1, 11]


def test_a_flow_is_saved_where_one_says(tmp_path: Path) -> None:
    """An absolute path is loaded as it is."""
    path = str(tmp_path / "x.flow")
    assert example().save(path) == path
    loaded = Flow.load(path)
    assert loaded.name == "My Flow!" and len(loaded.edges) == 1
    with pytest.raises(FileNotFoundError):
        Flow.load("unknown")


def test_names_become_file_names() -> None:
    """Letters, digits and dashes."""
    assert slugify("Ünder  the_Bridge/..") == "under-the-bridge"
