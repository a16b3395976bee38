"""`result list`, `verify` and `purge` on servers that speak the clouds' protocols."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from prefect_results.backend.store import NewTaskRun, RunStore
from prefect_results.context import context
from prefect_results.filesystems import FileSystem, LocalFileSystem, S3FileSystem, clients
from prefect_results.results import AzureResult, GCSResult, LocalResult, S3Result
from prefect_results.results.base import Result
from prefect_results.states import Success
from tests.backend import recorded
from tests.cli.conftest import Cli
from tests.cloud_fixtures import *  # noqa: F403
from tests.emulators import S3_KEYS

LOCATION = "{flow_name}/{task_name}-{map_index}"


@pytest.fixture(params=["s3", "gcs", "azure"])
def cloud(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> tuple[str, Result]:
    """The URL of an empty bucket that the environment leads to, and a result type for it."""
    get: Callable[[str], Any] = request.getfixturevalue
    if request.param == "s3":
        # Another module may have a server of its own.
        monkeypatch.setattr(clients, "_clients", {})
        monkeypatch.setenv("AWS_ENDPOINT_URL", get("s3_url"))
        monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        for name, text in S3_KEYS.items():
            monkeypatch.setenv(name.upper(), text)
        bucket = get("s3_bucket")
        return f"s3://{bucket}", S3Result(bucket, location=LOCATION)
    if request.param == "gcs":
        bucket = get("gcs_bucket")
        return f"gs://{bucket}", GCSResult(bucket, location=LOCATION)
    monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", get("azure_string"))
    container = get("azure_container")
    return f"az://{container}", AzureResult(container, location=LOCATION)


def stored_in(result: Any) -> FileSystem:
    """The filesystem of a result."""
    found: FileSystem = result.filesystem
    return found


@pytest.fixture
def url(cloud: tuple[str, Result], store: RunStore) -> str:
    """A bucket with the results of two flows, and an object that no state refers to."""
    with context(checkpointing=True):
        for name in ("one", "two"):
            recorded.record(store, recorded.example_flow(name, result=cloud[1]))
    stored_in(cloud[1]).put("one/orphan", pickle.dumps("left over"))
    return cloud[0]


def test_what_a_flow_stores_is_listed(cli: Cli, url: str, db: str) -> None:
    """All of a bucket, the objects of one flow, and those that no state needs."""
    rows = cli.json("result", "list", url)
    assert len(rows) == 17
    assert all(row["size"] and row["modified"] for row in rows)
    assert len(cli.json("result", "list", f"{url}/two/")) == 8
    words = ("result", "list", url, "--unreferenced", "--db", db)
    assert [row["location"] for row in cli.json(*words)] == ["one/orphan"]
    assert cli.json("result", "list", url, "--older-than", "1d") == []


def test_what_is_damaged_or_gone_is_found(
    cli: Cli, url: str, db: str, cloud: tuple[str, Result]
) -> None:
    """Every object is read; what is not what a state or the storage knows is told."""
    whole = cli.json("result", "verify", url, "--db", db)
    assert {row["status"] for row in whole} == {"ok"}
    filesystem = stored_in(cloud[1])
    filesystem.put("one/total-None", pickle.dumps("something else"))
    filesystem.delete("two/total-None")
    rows = cli.json("result", "verify", url, "--db", db, code=1)
    bad = {row["location"]: row["status"] for row in rows if row["status"] != "ok"}
    assert bad == {"one/total-None": "corrupt", "two/total-None": "missing"}


def test_what_states_refer_to_is_never_deleted(cli: Cli, url: str, db: str) -> None:
    """Only the orphan goes; what another flow's run refers to stays, old or not."""
    words = ("result", "purge", url, "--unreferenced", "--db", db)
    assert cli.json(*words, "--yes")["deleted"] == []
    dry = cli.json(*words, "--grace", "0s", "--dry-run")
    assert (dry["deleted"], dry["kept_referenced"]) == (["one/orphan"], 16)
    assert len(cli.json("result", "list", url)) == 17
    assert cli.json(*words, "--grace", "0s", "--yes") == dry | {"dry_run": False}
    words = ("result", "purge", f"{url}/two/", "--older-than", "0s", "--grace", "0s", "--db", db)
    assert cli.json(*words, "--yes")["deleted"] == []
    assert {row["status"] for row in cli.json("result", "verify", url, "--db", db)} == {"ok"}


def test_what_is_written_meanwhile_is_kept(
    cli: Cli, url: str, db: str, store: RunStore, cloud: tuple[str, Result],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """A run that is recorded between the listing and the deletion keeps its results."""
    from prefect_results.cli.commands import result_purge

    really = result_purge._unkept
    calls = []

    def meanwhile(folder: Any, infos: Any, references: Any) -> Any:
        found = really(folder, infos, references)
        if not calls:
            calls.append(1)
            flow_id = recorded.registered(store, recorded.example_flow("late"))
            success = Success(result=cloud[1].read("one/orphan")).serialize()
            row = NewTaskRun(store.list_tasks(flow_id)[0].id, states=((success, recorded.now()),))
            store.create_task_runs(store.create_flow_run(flow_id).id, [row])
        return found

    monkeypatch.setattr(result_purge, "_unkept", meanwhile)
    words = ("result", "purge", url, "--unreferenced", "--grace", "0s", "--db", db, "--yes")
    assert cli.json(*words)["deleted"] == []
    assert stored_in(cloud[1]).exists("one/orphan")


def test_unfinished_uploads_are_purged(
    cli: Cli, s3_url: str, s3_bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A multipart upload that nobody completed is aborted; moto says that it began in 2010."""
    # Another module may have a server of its own.
    monkeypatch.setattr(clients, "_clients", {})
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_url)
    for name, text in S3_KEYS.items():
        monkeypatch.setenv(name.upper(), text)
    filesystem = S3FileSystem(s3_bucket, boto3_kwargs={"endpoint_url": s3_url, **S3_KEYS})
    filesystem._begin("a/value", {})
    words = ("result", "purge", f"s3://{s3_bucket}", "--interrupted")
    assert cli.json(*words, "--dry-run")["interrupted"] == ["a/value"]
    assert cli.json(*words, "--yes")["interrupted"] == ["a/value"]
    assert list(filesystem.leftovers()) == []


def test_temporary_files_are_purged_once_they_are_old(
    cli: Cli, results: Path, tmp_path: Path
) -> None:
    """What a killed write left a day ago goes with any purge; what may be under way stays."""
    result = LocalResult(dir=str(results), location="value").write("x")
    for name in ("old", "new"):
        (results / f".prefect-tmp-{name}").write_bytes(b"half")
    os.utime(results / ".prefect-tmp-old", (1_000_000_000, 1_000_000_000))
    assert [info.location for info in LocalFileSystem(results).list()] == ["value"]
    words = ("result", "purge", str(results), "--older-than", "30d", "--no-store")
    assert cli.json(*words, "--dry-run")["interrupted"] == [".prefect-tmp-old"]
    assert "1 that interrupted writes left" in cli(*words, "--yes").stderr
    assert sorted(path.name for path in results.iterdir()) == [".prefect-tmp-new", "value"]
    assert result.read("value").value == "x"


def test_what_to_purge_is_said_once(cli: Cli, results: Path) -> None:
    """--interrupted is about other things than the options that choose objects."""
    results.mkdir()
    words = ("result", "purge", str(results), "--interrupted", "--older-than", "1d", "--yes")
    assert "or --interrupted alone" in cli.error(*words, code=2)
