"""Results in the clouds: the contract, on servers of their protocols, and their credentials."""

from __future__ import annotations

import logging
import pickle
from typing import Any

import pytest

from prefect_results.context import context
from prefect_results.exceptions import ConfigurationError, Corrupt, StorageError
from prefect_results.filesystems import clients
from prefect_results.results import AzureResult, GCSResult, Result, S3Result
from prefect_results.testing.results import Make, StoredResultContract
from prefect_results.wire import ResultSchema
from tests.emulators import S3_KEYS


class TestS3(StoredResultContract):
    """A bucket of S3."""

    @pytest.fixture
    def make(self, s3_url: str, s3_bucket: str, monkeypatch: pytest.MonkeyPatch) -> Make:
        """Results in a new bucket, credentials in the environment."""
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
        # Another module may have a server of its own.
        monkeypatch.setattr(clients, "_clients", {})
        monkeypatch.setenv("AWS_ENDPOINT_URL", s3_url)

        def make(**kwargs: Any) -> S3Result:
            return S3Result(s3_bucket, **kwargs)

        return make


class TestGCS(StoredResultContract):
    """A bucket of GCS."""

    @pytest.fixture
    def make(self, gcs_bucket: str) -> Make:
        """Results in a new bucket."""

        def make(**kwargs: Any) -> GCSResult:
            return GCSResult(gcs_bucket, **kwargs)

        return make


class TestAzure(StoredResultContract):
    """A container of Azure."""

    @pytest.fixture
    def make(
        self, azure_string: str, azure_container: str, monkeypatch: pytest.MonkeyPatch
    ) -> Make:
        """Results in a new container, the connection string in the environment."""
        monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", azure_string)

        def make(**kwargs: Any) -> AzureResult:
            return AzureResult(azure_container, **kwargs)

        return make


SECRET = "hunter2secret"
HOLDERS: list[Result] = [
    S3Result("b", {"aws_secret_access_key": SECRET, "aws_access_key_id": SECRET}, location="x"),
    S3Result("b", {"credentials": {"SECRET_ACCESS_KEY": SECRET}}, location="x"),
    S3Result("b", {"endpoint_url": f"http://me:{SECRET}@127.0.0.1:1"}, location="x"),
    AzureResult("c", f"AccountName=x;AccountKey={SECRET}", location="x"),
    AzureResult("c", account_url=f"https://x.blob.core.windows.net?sig={SECRET}", location="x"),
    AzureResult("c", account_url="https://x.blob.core.windows.net", credential=SECRET),
    GCSResult("b", credentials={"private_key": SECRET}, location="x"),
]


@pytest.mark.parametrize("result", HOLDERS, ids=lambda one: type(one).__name__)
def test_credentials_stay_in_the_process(result: Result) -> None:
    """A credential is in no pickle, repr, wire form, nor in the repr of the filesystem."""
    assert SECRET.encode() not in pickle.dumps(result)
    assert SECRET.encode() not in pickle.dumps(result.from_value(1))
    assert SECRET not in repr(result) + repr(result.filesystem)  # type: ignore[attr-defined]
    assert SECRET not in str(ResultSchema().dump(result))


@pytest.mark.parametrize(
    "text", [f"AccountKey={SECRET}", SECRET, f"AccountName=;AccountKey={SECRET}"]
)
def test_a_bad_connection_string_is_not_shown(text: str, caplog: pytest.LogCaptureFixture) -> None:
    """What is wrong with a connection string is said without it."""
    caplog.set_level(logging.DEBUG)
    with pytest.raises(Exception) as caught:
        AzureResult("c", text).read("x")
    shown: BaseException | None = caught.value
    while shown is not None:
        assert SECRET not in str(shown)
        shown = shown.__cause__
    assert SECRET not in caplog.text


def test_without_a_connection_string(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says what to give, in the words of Prefect 1.4.1, and is a ValueError as there."""
    monkeypatch.delenv("AZURE_STORAGE_CONNECTION_STRING", raising=False)
    with pytest.raises(ValueError, match="no Azure connection string") as caught:
        AzureResult("c").service
    assert isinstance(caught.value, ConfigurationError)


def test_the_connection_string_of_a_secret(azure_string: str, azure_container: str) -> None:
    """A result that names a secret connects with it, in a pickled copy too."""
    result = AzureResult(azure_container, connection_string_secret="AZURE", location="x")
    with context(secrets={"AZURE": azure_string}):
        written = pickle.loads(pickle.dumps(result)).write(5)
        assert written.read("x").value == 5
    assert azure_string.encode() not in pickle.dumps(written)


def test_an_account_url_with_a_credential(azure_string: str, azure_container: str) -> None:
    """An account's URL and a key are as good as a connection string."""
    parts = dict(part.split("=", 1) for part in azure_string.strip(";").split(";"))
    key = {"account_name": parts["AccountName"], "account_key": parts["AccountKey"]}
    result = AzureResult(azure_container, account_url=parts["BlobEndpoint"], credential=key)
    assert result.read(result.write(7).location).value == 7  # type: ignore[arg-type]


def test_aws_credentials_of_the_context(s3_url: str, s3_bucket: str) -> None:
    """The secret AWS_CREDENTIALS is used where it is, as in Prefect 1.4.1."""
    result = S3Result(s3_bucket, {"endpoint_url": s3_url, "region_name": "us-east-1"})
    secret = {"ACCESS_KEY": "testing", "SECRET_ACCESS_KEY": "testing"}
    with context(secrets={"AWS_CREDENTIALS": secret}):
        assert result.client._get_credentials().access_key == "testing"
        written = pickle.loads(pickle.dumps(result)).write([1])
        assert result.read(written.location).value == [1]


def test_upload_options_reach_the_object(s3_url: str, s3_bucket: str) -> None:
    """What boto3 takes as extra arguments is used for each object."""
    result = S3Result(
        s3_bucket,
        {"endpoint_url": s3_url, **S3_KEYS},
        {"ContentType": "x/y", "Metadata": {"mine": "1"}},
        location="{name}.pkl",
    )
    result.write(1, name="a")
    found = result.client.head_object(Bucket=s3_bucket, Key="a.pkl")
    assert found["ContentType"] == "x/y"
    assert found["Metadata"]["mine"] == "1"


def test_a_missing_bucket_is_named(gcs_bucket: str) -> None:
    """Writing to a bucket that is not there says so."""
    with pytest.raises(StorageError, match="no-such-bucket"):
        GCSResult("no-such-bucket", location="x").write(1)
    with pytest.raises(StorageError, match="has no bucket"):
        GCSResult(location="x").write(1)


def test_the_wire_has_size_and_digest(gcs_bucket: str) -> None:
    """What was written is known where the state is loaded, and compared there."""
    written = GCSResult(gcs_bucket, location="x").write("value")
    form = ResultSchema().dump(written)
    assert (form["size"], form["digest"]) == (written.size, written.digest)
    loaded = ResultSchema().load(form)
    assert loaded.deserialize().value == "value"
    written.filesystem.put("x", pickle.dumps("eulav", 5))
    with pytest.raises(Corrupt, match="altered"):
        loaded.deserialize()
    del form["size"], form["digest"]
    assert ResultSchema().load(form).deserialize().value == "eulav"
