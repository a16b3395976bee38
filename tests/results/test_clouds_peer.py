"""Prefect 1.4.1 reads from the clouds what is written here, and the reverse."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from prefect_results.results import AzureResult, GCSResult, Result, S3Result
from prefect_results.wire import StateSchema
from tests.emulators import S3_KEYS
from tests.peers import PeerUnavailable, legacy_clouds, legacy_environment

VALUE = {"text": "caf\u00e9", "numbers": list(range(500)), "none": None}


@pytest.fixture(scope="session")
def legacy_clouds_python() -> Path:
    """The interpreter of an environment with Prefect 1.4.1 and the clients of the clouds."""
    try:
        return legacy_clouds()
    except PeerUnavailable as exc:
        pytest.skip(f"no Prefect 1.4.1 with cloud clients to compare with: {exc}")


@pytest.fixture(params=["S3Result", "GCSResult", "AzureResult"])
def place(request: pytest.FixtureRequest) -> tuple[Result, dict[str, Any], dict[str, str]]:
    """A result here, the options of the same one there, and its environment."""
    get = request.getfixturevalue
    if request.param == "S3Result":
        options = {"endpoint_url": get("s3_url"), "region_name": "us-east-1", **S3_KEYS}
        bucket = get("s3_bucket")
        return S3Result(bucket, options), {"bucket": bucket, "boto3_kwargs": options}, {}
    if request.param == "GCSResult":
        bucket = get("gcs_bucket")
        there = {"STORAGE_EMULATOR_HOST": get("gcs_url"), "GOOGLE_CLOUD_PROJECT": "test"}
        return GCSResult(bucket), {"bucket": bucket}, there
    text, container = get("azure_string"), get("azure_container")
    options = {"container": container, "connection_string": text}
    return AzureResult(**options), options, {}


def ask(python: Path, environment: dict[str, str], **asked: Any) -> Any:
    """The answer of Prefect 1.4.1."""
    done = subprocess.run(
        [str(python), "-W", "ignore", str(Path(__file__).with_name("peer_clouds.py"))],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**legacy_environment(), **environment},
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_it_reads_what_is_written_here(legacy_clouds_python: Path, place: Any) -> None:
    """What lies at a location is a pickle that the legacy release reads, and finds."""
    result, options, environment = place
    written = result.write(VALUE)
    kind = type(result).__name__
    answer = ask(
        legacy_clouds_python, environment, type=kind, options=options, location=written.location
    )
    assert answer == {"value": VALUE, "exists": True}


def test_what_it_writes_is_read_here(legacy_clouds_python: Path, place: Any) -> None:
    """A value that it wrote is read, by its location and by its state; it has no digest."""
    result, options, environment = place
    kind = type(result).__name__
    answer = ask(legacy_clouds_python, environment, type=kind, options=options, value=VALUE)
    assert result.exists(answer["location"])
    assert result.read(answer["location"]).value == VALUE
    loaded = StateSchema().load(answer["state"])._result
    assert (type(loaded), loaded.location) == (type(result), answer["location"])
    assert (loaded.size, loaded.digest) == (None, None)
