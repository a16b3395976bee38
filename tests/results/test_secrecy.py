"""No credential is in what a failing run prints, logs, pickles or serializes."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from prefect_results.exceptions import ConfigurationError
from prefect_results.results import FSSpecResult

SECRET = "hunter2aGVsbG8gd29ybGQ"
RESULTS = {
    "s3": (
        "S3Result('b', {'endpoint_url': 'http://127.0.0.1:9', 'region_name': 'us-east-1', "
        "'aws_access_key_id': secret, 'aws_secret_access_key': secret, "
        "'aws_session_token': secret})"
    ),
    "azure": (
        "AzureResult('c', 'DefaultEndpointsProtocol=http;AccountName=x;AccountKey=' + secret + "
        "'==;BlobEndpoint=http://127.0.0.1:9/x;')"
    ),
    "azure-url": "AzureResult('c', account_url='http://127.0.0.1:9/x?sig=' + secret)",
    "azure-bad": "AzureResult('c', 'AccountKey=' + secret)",
    "gcs": "GCSResult('b', credentials={'private_key': secret, 'client_email': 'a@b'})",
    "sftp": "FSSpecResult('sftp://me:' + secret + '@127.0.0.1:9/x')",
    "option": "FSSpecResult('sftp://127.0.0.1:9/x', username='me', password=secret)",
    "driver": "FSSpecResult('nonsense://me:' + secret + '@127.0.0.1:9/x')",
}
# A flow whose task cannot store its value, and everything that can be asked about it.
RUN = """
import logging, os, pickle, sys, traceback
from prefect_results import Flow, task
from prefect_results.context import context
from prefect_results.filesystems import retrying
from prefect_results.results import AzureResult, FSSpecResult, GCSResult, S3Result

retrying.Retries.__init__.__defaults__ = (2, 0.001, 0.001, 5.0, 5.0)
logging.basicConfig(level=logging.INFO)
secret = os.environ.pop("THE_SECRET")
result = {result}

@task(result=result)
def value():
    return 1

with Flow("secrecy", result=result) as flow:
    one = value()
with context(checkpointing=True):
    state = flow.run()
assert state.is_failed(), state
failed = state.result[one]
print(repr(state), repr(failed), failed.message, repr(failed.result), repr(result))
traceback.print_exception(failed.result)
for method in (result.read, result.exists):
    try:
        method("there")
    except Exception as exc:
        traceback.print_exception(exc)
        print(repr(exc))
print(pickle.dumps(result), pickle.dumps(failed._result), failed.serialize(), flow.serialize())
"""


@pytest.mark.parametrize("kind", RESULTS)
def test_a_failing_run_shows_no_credential(kind: str) -> None:
    """Our logs at DEBUG, messages, tracebacks, states and pickles are searched for the key."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", RUN.replace("{result}", RESULTS[kind])],
        capture_output=True,
        check=False,
        timeout=120,
        env={**os.environ, "THE_SECRET": SECRET, "PREFECT__LOGGING__LEVEL": "DEBUG"},
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said.decode()[-3000:]
    assert b"Error" in said or b"Unavailable" in said
    assert SECRET.encode() not in said


def test_a_password_in_a_url_becomes_an_option() -> None:
    """It is used, and not in the URL that states have."""
    result = FSSpecResult(f"sftp://me:{SECRET}@host/folder")
    assert result.url == "sftp://me@host/folder"
    assert result.storage_options == {"password": SECRET}
    with pytest.raises(ConfigurationError, match="would be in states") as caught:
        FSSpecResult(f"https://me:{SECRET}@host/folder")
    assert SECRET not in str(caught.value)
