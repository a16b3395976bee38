"""Reports of problems: versions and names, and nothing that is secret."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from prefect_results import Flow, configuration, task
from prefect_results.core import diagnostics
from prefect_results.executors import LocalDaskExecutor
from prefect_results.results import LocalResult


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user's file and an environment that hold secrets."""
    file = tmp_path / "config.toml"
    file.write_text(
        'debug = false\n[logging]\nlevel = "WARNING"\n[cloud]\napi_key = "sesame"\n'
        '[context.secrets]\nTOKEN = "sesame"\n'
    )
    monkeypatch.setattr(configuration, "USER_CONFIG", str(file))
    monkeypatch.setenv("PREFECT__CONTEXT__SECRETS__MINE", "sesame")
    monkeypatch.setenv("PREFECT__CLOUD__API_KEY", "sesame")


def test_names_are_told_and_no_values(settings: None) -> None:
    """Which settings differ from the defaults, without what they are set to."""
    told = diagnostics.diagnostic_info()
    assert "sesame" not in told and "MINE" not in told and "TOKEN" not in told
    read = json.loads(told)
    assert read["config_overrides"] == {
        "logging": {"level": True},
        "cloud": {"api_key": True},
        "context": {"secrets": False},
    }
    assert "PREFECT__CLOUD__API_KEY" in read["env_vars"]
    assert read["system_information"]["packages"]["marshmallow"]
    assert "flow_information" not in read


def test_names_of_secrets_are_told_when_asked_for(settings: None) -> None:
    """`include_secret_names`, as in the legacy release."""
    told = Flow("n").diagnostics(include_secret_names=True)
    assert "sesame" not in told
    read = json.loads(told)
    assert read["config_overrides"]["context"] == {"secrets": {"TOKEN": True}}
    assert "PREFECT__CONTEXT__SECRETS__MINE" in read["env_vars"]


def test_a_flow_is_described_by_types(tmp_path: Path) -> None:
    """What it has besides tasks, and which of the attributes are set."""

    @task
    def one():
        return 1

    flow = Flow("n", result=LocalResult(dir=str(tmp_path)), executor=LocalDaskExecutor())
    flow.add_task(one)
    told = json.loads(flow.diagnostics())["flow_information"]
    assert told["task_count"] == 1
    assert told["storage"] is told["schedule"] is told["environment"] is False
    assert told["result"]["type"] == "LocalResult"
    assert told["executor"]["type"] == "LocalDaskExecutor"
    assert str(tmp_path) not in flow.diagnostics()
