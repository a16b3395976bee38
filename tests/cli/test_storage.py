"""`result`: stored data is looked at, checked and deleted, and never unpickled unasked."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import pickle
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from prefect_results.backend.store import NewTaskRun, RunStore
from prefect_results.cli import housekeeping, kinds
from prefect_results.cli.places import address, addresses_of_result, open_folder
from prefect_results.results import LocalResult
from prefect_results.states import Cached
from tests.backend import recorded
from tests.cli.conftest import Cli

MONTH = 30 * 24 * 3600


class Bomb:
    """A value whose pickle writes a file when it is loaded."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return (os.mkdir, (str(self.path),))


def age(path: Path, seconds: float) -> None:
    """Make a file look as if it was written so long ago."""
    moment = time.time() - seconds
    os.utime(path, (moment, moment))


@pytest.fixture
def orphan(results: Path, run_id: str) -> Path:
    """An old file among the results of a recorded run, which no state refers to."""
    path = results / "orphan.prefect_result"
    path.write_bytes(pickle.dumps("left over"))
    for file in results.iterdir():
        age(file, 2 * MONTH)
    return path


def test_data_is_described_without_loading_it(cli: Cli, tmp_path: Path) -> None:
    """Size and kind of what lies at a path; the pickle's code does not run."""
    path = tmp_path / "value"
    path.write_bytes(pickle.dumps(Bomb(tmp_path / "exploded"), protocol=5))
    told = cli.json("result", "show", str(path))
    assert (told["size"], told["kind"]) == (path.stat().st_size, "pickle (protocol 5)")
    assert "pickle" in cli("result", "show", str(path)).stdout
    cli("result", "export", str(path), "--to", str(tmp_path / "copy"))
    cli.json("result", "verify", str(path))
    assert not (tmp_path / "exploded").exists()
    loaded = cli("result", "show", str(path), "--load")
    assert "Loading runs code" in loaded.stderr
    assert (tmp_path / "exploded").exists()


def test_the_result_of_a_task_run_is_described(cli: Cli, run_id: str, db: str) -> None:
    """Its type and serializer come from its state, its size from where it lies."""
    told = cli.json("result", "show", run_id, "inc-1", "--map-index", "2", "--db", db)
    assert (told["result_type"], told["serializer"]) == ("LocalResult", "PickleSerializer")
    assert told["kind"].startswith("pickle") and told["size"] > 0
    assert cli.json("result", "show", told["task_run_id"], "--db", db) == told
    assert "--map-index" in cli.error("result", "show", run_id, "inc-1", "--db", db)


def test_a_value_inside_its_state_is_described(cli: Cli, store: RunStore, db: str) -> None:
    """A result without storage is in the state, and can be exported all the same."""
    run_id = recorded.record(store, recorded.example_flow())
    told = cli.json("result", "show", run_id, "foo-1", "--db", db)
    assert (told["location"], told["storage"]) == (None, "in the state")
    assert told["kind"].startswith("pickle")
    out = cli("result", "export", run_id, "foo-1", "--to", "-", "--db", db)
    assert pickle.loads(out.stdout_bytes) == "foobar!"


def test_data_is_exported_as_it_is(cli: Cli, run_id: str, db: str, tmp_path: Path) -> None:
    """The bytes are copied; a file that is there is replaced only if that is asked for."""
    target = tmp_path / "total.pickle"
    words = ("result", "export", run_id, "total-1", "--to", str(target), "--db", db)
    assert cli.json(*words)["size"] == target.stat().st_size
    assert pickle.loads(target.read_bytes()) == 21
    assert "--force" in cli.error(*words)
    cli(*words, "--force", "--load")
    assert json.loads(target.read_text()) == 21
    assert sorted(path.name for path in tmp_path.glob("*.part")) == []


def test_what_is_not_there_says_so(cli: Cli, tmp_path: Path) -> None:
    """A file or folder that does not exist is one line of error."""
    assert "nothing" in cli.error("result", "show", str(tmp_path / "nothing"))
    assert "There is no folder" in cli.error("result", "list", str(tmp_path / "no" / "thing"))


def test_objects_are_listed(cli: Cli, orphan: Path, results: Path, db: str) -> None:
    """All of a folder, those of a prefix, and those that are chosen."""
    assert len(cli.json("result", "list", str(results))) == 9
    assert len(cli.json("result", "list", str(results / "inc-"))) == 6
    assert cli.json("result", "list", str(results), "--older-than", "90d") == []
    rows = cli.json("result", "list", str(results), "--unreferenced", "--db", db)
    assert [row["location"] for row in rows] == [orphan.name]
    assert "1 object," in cli("result", "list", str(orphan)).stderr


def test_locks_are_no_results(cli: Cli, orphan: Path, results: Path, db: str) -> None:
    """Locks that lie among results are neither listed nor checked nor deleted."""
    before = cli.json("result", "list", str(results))
    lock = results / ".prefect-lock-0123"
    lock.write_bytes(b"{}")
    age(lock, 2 * MONTH)
    assert cli.json("result", "list", str(results)) == before
    locations = [row["location"] for row in cli.json("result", "verify", str(results), "--db", db)]
    assert lock.name not in locations
    cli(
        "result",
        "purge",
        str(results),
        "--older-than",
        "30d",
        "--unreferenced",
        "--db",
        db,
        "--yes",
    )
    assert lock.exists()


def test_damage_is_found(cli: Cli, orphan: Path, results: Path, db: str) -> None:
    """Empty and truncated data is corrupt, what a state refers to and is gone is missing."""
    whole = cli.json("result", "verify", str(results), "--db", db)
    assert {row["status"] for row in whole} <= {"ok", "unchecked"}
    (results / "inc-0.prefect_result").write_bytes(b"")
    data = orphan.read_bytes()
    orphan.write_bytes(data[:-1])
    (results / "inc-1.prefect_result").unlink()
    rows = cli.json("result", "verify", str(results), "--db", db, code=1)
    bad = {row["location"]: row["status"] for row in rows if row["reason"]}
    assert bad == {
        "inc-0.prefect_result": "corrupt",
        "inc-1.prefect_result": "missing",
        orphan.name: "corrupt",
    }
    assert "2 corrupt" in cli("result", "verify", str(results), "--db", db, code=1).stderr


def test_only_what_no_state_refers_to_is_purged(
    cli: Cli, orphan: Path, results: Path, run_id: str, db: str
) -> None:
    """Results of recorded runs stay, however old; a dry run deletes nothing."""
    words = ("result", "purge", str(results), "--older-than", "30d", "--db", db)
    dry = cli.json(*words, "--dry-run")
    assert dry == {
        "dry_run": True,
        "deleted": [orphan.name],
        "bytes": orphan.stat().st_size,
        "kept_referenced": 8,
        "interrupted": [],
        "failed": [],
    }
    assert orphan.exists()
    assert cli.json(*words, "--yes") == dry | {"dry_run": False}
    assert not orphan.exists()
    assert cli.json("task-run", "result", run_id, "inc-1", "--db", db)["value"] == [
        1,
        2,
        3,
        4,
        5,
        6,
    ]


def test_past_states_and_cached_inputs_count(
    cli: Cli, store: RunStore, orphan: Path, results: Path, run_id: str, db: str
) -> None:
    """What any state ever referred to is kept, an expired cache included."""
    flow_id = store.get_flow_run(run_id).flow_id
    task_id = store.list_tasks(flow_id)[0].id
    other = store.create_flow_run(flow_id)
    result = LocalResult(dir=str(results)).read(orphan.name)
    past = datetime.now(timezone.utc) - timedelta(days=90)
    cached = Cached(result=result, cached_result_expiration=past)
    states = ((cached.serialize(), past), (Cached("later").serialize(), past))
    store.create_task_runs(other.id, [NewTaskRun(task_id, states=states)])
    told = cli.json("result", "purge", str(results), "--unreferenced", "--yes", "--db", db)
    assert (told["deleted"], told["kept_referenced"]) == ([], 9)


def test_young_objects_are_spared(cli: Cli, orphan: Path, results: Path, db: str) -> None:
    """The state of what was written just now may not be recorded yet."""
    age(orphan, 60)
    words = ("result", "purge", str(results), "--unreferenced", "--db", db, "--yes")
    assert cli.json(*words)["deleted"] == []
    assert cli.json(*words, "--grace", "30s")["deleted"] == [orphan.name]


def test_records_that_expired_are_purged(cli: Cli, db: str, tmp_path: Path) -> None:
    """A record of Prefect 3 says itself when it expires."""
    folder = tmp_path / "records"
    folder.mkdir()
    for name, moment in (("old", "2020-01-01T00:00:00Z"), ("new", "2999-01-01T00:00:00Z")):
        record = {"metadata": {"expiration": moment, "storage_key": name}, "result": "gA=="}
        (folder / name).write_text(json.dumps(record))
    (folder / "forever").write_text('{"metadata": {"expiration": null}, "result": 1}')
    (folder / "pickle").write_bytes(pickle.dumps(1))
    told = cli.json("result", "purge", str(folder), "--expired", "--yes", "--db", db)
    assert told["deleted"] == ["old"]


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        ((), 2, "Say what to delete"),
        (("--expired",), 2, "--yes or --dry-run"),
        (("--unreferenced", "--no-store", "--yes"), 2, "--no-store excludes"),
        (("--expired", "--yes"), 1, "There is no run store at"),
        (("--older-than", "30", "--yes"), 2, "no duration"),
    ],
)
def test_purging_wants_to_be_sure(
    cli: Cli, results: Path, words: tuple[str, ...], code: int, message: str
) -> None:
    """Without a choice, somebody to ask, or a run store, nothing is deleted."""
    results.mkdir()
    assert message in cli.error("result", "purge", str(results), *words, code=code)


def test_runs_that_are_not_recorded_have_no_states(cli: Cli, results: Path) -> None:
    """--no-store says so, and age alone decides."""
    results.mkdir()
    (results / "a").write_bytes(b"1")
    age(results / "a", MONTH)
    words = ("result", "purge", str(results), "--older-than", "1w", "--no-store", "--yes")
    assert cli.json(*words)["deleted"] == ["a"]


def test_a_folder_with_the_run_store_is_refused(cli: Cli, db: str, tmp_path: Path) -> None:
    """What holds more than results is not purged."""
    words = ("result", "purge", str(tmp_path), "--older-than", "1s", "--yes", "--db", db)
    assert "which is no result" in cli.error(*words, code=2)


def test_links_do_not_hide_what_is_needed(
    cli: Cli, orphan: Path, results: Path, tmp_path: Path, db: str
) -> None:
    """A folder that is reached by a link has the same objects."""
    link = tmp_path / "link"
    link.symlink_to(results, target_is_directory=True)
    words = ("result", "purge", str(link), "--unreferenced", "--db", db, "--dry-run")
    assert cli.json(*words)["deleted"] == [orphan.name]


def test_objects_of_other_storage_are_listed(cli: Cli) -> None:
    """A URL is reached by its filesystem."""
    fsspec = pytest.importorskip("fsspec")
    memory = fsspec.filesystem("memory")
    memory.pipe("/cli-bucket/a/value", b"{}")
    assert [row["location"] for row in cli.json("result", "list", "memory://cli-bucket")] == [
        "a/value"
    ]
    assert cli.json("result", "show", "memory://cli-bucket/a/value")["kind"] == "JSON"
    memory.rm("/cli-bucket", recursive=True)


@pytest.mark.parametrize(
    ("form", "url", "location"),
    [
        ({"type": "S3Result", "bucket": "b", "location": "x/y"}, "s3a://b", "x/y"),
        ({"type": "GCSResult", "bucket": "b", "location": "x/y"}, "gcs://b/x", "x/y"),
        ({"type": "AzureResult", "container": "c", "location": "y"}, "az://c", "y"),
        ({"type": "FSSpecResult", "url": "memory://m/x/", "location": "y"}, "memory://m", "x/y"),
        ({"type": "LocalResult", "dir": "/a", "location": "b%41"}, "/", "a/b%41"),
    ],
)
def test_an_object_has_one_address(form: dict[str, str], url: str, location: str) -> None:
    """What a state says, and what people write, are the same place."""
    found = addresses_of_result(form)
    assert found is not None
    assert open_folder(url).address_of(location) in found


def test_a_url_of_a_file_is_a_path() -> None:
    """file:// is the same as the path."""
    assert address("file:///a/b%20c") == address("/a/b c")


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"", "empty"),
        (pickle.dumps([1], protocol=2), "pickle (protocol 2)"),
        (b"gASVBAAAAAAAAABLAS4=", "base64 of a pickle"),
        (gzip.compress(b'{"a": 1}', mtime=0), "gzip of JSON"),
        (b"PAR1xxxxPAR1", "Parquet"),
        (b"3.5", "JSON"),
        (b"2020-01-01T00:00:00Z", "text"),
        (b"a,b\n1,2\n", "text"),
        (b"\x00\x01\xff", "binary data"),
        (b'{"metadata": {}, "result": 1}', "result record (JSON)"),
        (b"\xc3\xa4" * 40_000, "text"),
        (b"x" + b"\xc3\xa4" * 40_000, "text"),
    ],
)
def test_kinds_are_told_by_their_marks(data: bytes, kind: str) -> None:
    """How data starts says what it is."""
    assert kinds.kind_of(data[: kinds.HEAD]) == kind


def test_a_digest_proves_what_was_written(
    cli: Cli, store: RunStore, results: Path, db: str, run_id: str
) -> None:
    """Digests of states are compared; an object that was written anew has the newer one."""
    folder = open_folder(str(results))
    info = next(iter(folder.filesystem.list("foo-")))
    data = folder.filesystem.get(info.location)
    right = (len(data), f"sha256:{hashlib.sha256(data).hexdigest()}")
    older = (len(data) + 1, "sha256:00")
    assert housekeeping.verify(folder, info, {right, older}).status == "ok"
    assert housekeeping.verify(folder, info, {older}).status == "corrupt"
    wrong = housekeeping.verify(folder, info, {(None, "sha256:00")})
    assert (wrong.status, wrong.reason) == ("corrupt", "its digest is not sha256:00")
    assert housekeeping.verify(folder, info, {(None, "other:00")}).status == "unchecked"
