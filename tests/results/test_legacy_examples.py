"""What the documentation of Prefect 1.4.1 shows of its cloud results runs unchanged."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from tests.emulators import S3_KEYS

INSTALL = "from prefect_results import compat; compat.install()\n"

# A result for a task, one for a flow, a target, and reading a value again.
EXAMPLE = """
import prefect
from prefect import task, Flow
from prefect.engine.results import {kind}

@task(result={kind}({arguments}, location="{{date:%Y}}/{{task_name}}.txt"))
def first():
    return [1, 2, 3]

@task(target="{{flow_name}}-{{task_name}}.pkl")
def second(xs):
    return sum(xs)

with Flow("my handled flow!", result={kind}({arguments})) as flow:
    total = second(first)

state = flow.run()
assert state.is_successful(), state
result = state.result[total]._result
assert type(result).__name__ == "{kind}"
assert result.location == "my handled flow!-second.pkl", result.location
assert {kind}({arguments}).read(result.location).value == 6
assert {kind}({arguments}).exists("{{name}}-second.pkl", name="my handled flow!")
assert state.result[flow.get_tasks("first")[0]]._result.location.endswith("/first.txt")

# What is stored already is not computed again.
again = flow.run()
assert again.result[total].is_cached(), again.result[total]
assert again.result[total].result == 6

written = {kind}({arguments}, location="{{place}}.pkl").write({{"a": 1}}, place="by/hand")
assert written.location == "by/hand.pkl"
assert {kind}({arguments}).read("by/hand.pkl").value == {{"a": 1}}
assert not {kind}({arguments}).exists("nothing")
"""


@pytest.fixture(params=["S3Result", "S3Result-secret", "GCSResult", "AzureResult", "Azure-secret"])
def example(request: pytest.FixtureRequest) -> tuple[str, str, dict[str, Any]]:
    """A result type, its arguments in the documentation, and where the environment leads."""
    get = request.getfixturevalue
    if request.param.startswith("S3"):
        environment = {"AWS_ENDPOINT_URL": get("s3_url"), "AWS_DEFAULT_REGION": "us-east-1"}
        if request.param == "S3Result":
            environment |= {name.upper(): text for name, text in S3_KEYS.items()}
        else:
            keys = {"ACCESS_KEY": "testing", "SECRET_ACCESS_KEY": "testing"}
            environment["PREFECT__CONTEXT__SECRETS__AWS_CREDENTIALS"] = json.dumps(keys)
        return "S3Result", f"bucket={get('s3_bucket')!r}", environment
    if request.param == "GCSResult":
        return (
            "GCSResult",
            f"bucket={get('gcs_bucket')!r}",
            {"STORAGE_EMULATOR_HOST": get("gcs_url")},
        )
    text, container = get("azure_string"), get("azure_container")
    if request.param == "AzureResult":
        return "AzureResult", f"{container!r}, connection_string={text!r}", {}
    arguments = f"{container!r}, connection_string_secret='MY_AZURE'"
    return "AzureResult", arguments, {"PREFECT__CONTEXT__SECRETS__MY_AZURE": text}


def test_the_example_runs_unchanged(example: tuple[str, str, dict[str, str]]) -> None:
    """Checkpoints, targets, `read`, `write` and `exists` do what they did, by the old names."""
    kind, arguments, environment = example
    kept = {name: text for name, text in os.environ.items() if not name.startswith("AWS_")}
    done = subprocess.run(
        [sys.executable, "-c", INSTALL + EXAMPLE.format(kind=kind, arguments=arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**kept, "PREFECT__FLOWS__CHECKPOINTING": "true", **environment},
    )
    assert done.returncode == 0, done.stdout + done.stderr
