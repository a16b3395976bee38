"""What is particular about each named result type."""

from __future__ import annotations

import copy
import json
import os
import pickle
from pathlib import Path
from typing import Any

import cloudpickle
import pendulum
import pytest

from prefect_results.exceptions import (
    Corrupt,
    ImmutableError,
    SerializationError,
    StorageError,
    UnsafeLocation,
)
from prefect_results.results import (
    AzureResult,
    ConstantResult,
    FSSpecResult,
    GCSResult,
    LocalResult,
    PrefectResult,
    Result,
    S3Result,
    SecretResult,
    register_secret_type,
    result_type,
    result_type_name,
)
from prefect_results.serializers import DateTimeSerializer, JSONSerializer, PickleSerializer


class TestLocalResult:
    """Files of this machine."""

    def test_the_default_folder_is_in_the_home(self, home_dir: Path) -> None:
        """Without a folder, or with one in the home, results are in the home's own folder."""
        for result in (
            LocalResult(),
            LocalResult(dir=str(home_dir)),
            LocalResult(dir=f"{home_dir}/x"),
        ):
            assert result.dir == f"{home_dir}/results"
        assert (home_dir / "results").is_dir()

    def test_the_folder_is_made_absolute(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A relative folder, or one of the user's home, is made absolute and created."""
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("HOME", str(tmp_path))
        assert LocalResult(dir="sub/folder").dir == f"{tmp_path}/sub/folder"
        assert LocalResult(dir="~/mine").dir == f"{tmp_path}/mine"
        assert (tmp_path / "sub/folder").is_dir()
        assert LocalResult(dir="not/made", validate_dir=False).dir == "not/made"
        assert not (tmp_path / "not").exists()
        written = LocalResult(dir="not/made", validate_dir=False).write(1)
        assert written.location is not None
        assert written.location.startswith(f"{tmp_path}/not/made/prefect-result-")

    def test_locations_are_absolute_once_written(self, tmp_path: Path) -> None:
        """What is written says its absolute path, and can be written to again."""
        result = LocalResult(dir=str(tmp_path), location="{x}/here.txt")
        written = result.write("data", x=42)
        assert written.location == f"{tmp_path}/42/here.txt"
        assert written.write("more").location == written.location
        assert result.read("42/here.txt").value == "more"
        assert result.read(written.location).value == "more"
        assert not result.exists("43/here.txt")
        assert pickle.loads(Path(written.location).read_bytes()) == "more"

    def test_absolute_templates_of_the_user(self, tmp_path: Path) -> None:
        """A template that is absolute goes where it says, and no value leads out of its folder."""
        result = LocalResult(dir=f"{tmp_path}/dir", location=f"{tmp_path}/elsewhere/{{x}}.bin")
        written = result.write(1, x="a")
        assert written.location == f"{tmp_path}/elsewhere/a.bin"
        assert written.serialize().deserialize().value == 1
        assert result.exists(result.location or "", x="a")
        assert result.read(written.location).value == 1
        for value in ("../b", "../../b", "a/../../../b"):
            with pytest.raises(UnsafeLocation):
                result.write(1, x=value)
        assert result.write(1, x=f"{tmp_path}/q").location == (
            f"{tmp_path}/elsewhere/{tmp_path}/q.bin".replace("//", "/")
        )

    def test_what_comes_from_elsewhere_stays_in_its_folder(self, tmp_path: Path) -> None:
        """A location out of a state is never one outside of the folder that it names."""
        (tmp_path / "secret").write_bytes(pickle.dumps("secret"))
        folder = str(tmp_path / "root")
        for location in (f"{tmp_path}/secret", "../secret", f"{folder}/../secret"):
            got = LocalResult.revive(location=location, dir=folder)
            with pytest.raises(UnsafeLocation):
                got.deserialize()
            with pytest.raises(UnsafeLocation):
                got.read(location)

    def test_a_link_out_of_the_folder_is_refused(self, tmp_path: Path) -> None:
        """A link in the folder does not lead values out of it."""
        (tmp_path / "root").mkdir()
        (tmp_path / "outside").mkdir()
        (tmp_path / "root" / "link").symlink_to(tmp_path / "outside")
        with pytest.raises(UnsafeLocation):
            LocalResult(dir=str(tmp_path / "root"), location="link/x").write(1)
        assert list((tmp_path / "outside").iterdir()) == []

    def test_a_failed_write_leaves_the_old_value(self, tmp_path: Path) -> None:
        """A value that cannot be pickled, also half way, changes nothing on disk."""

        class Bomb:
            def __reduce__(self) -> Any:
                raise RuntimeError("boom")

        result = LocalResult(dir=str(tmp_path), location="x")
        result.write("old")
        with pytest.raises(SerializationError, match="boom"):
            result.write([list(range(200_000)), Bomb()])
        assert result.read("x").value == "old"
        assert os.listdir(tmp_path) == ["x"]

    def test_the_root_of_the_machine_is_a_folder(self) -> None:
        """The folder `/` has locations as any other."""
        assert LocalResult(dir="/").default_location.startswith("/prefect-result-")
        assert LocalResult(dir="/").exists("/etc/no-such-file-here") is False


class TestPrefectResult:
    """JSON text in the state."""

    def test_the_text_is_the_location(self) -> None:
        """Writing makes the text, reading reads it, and nothing else is touched."""
        result = PrefectResult(value=99)
        written = result.write({"a": [1]})
        assert (written.value, written.location) == ({"a": [1]}, '{"a": [1]}')
        assert (result.value, result.location) == (99, None)
        assert result.read('"text"').value == "text"
        assert result.read("null").value is None

    def test_exists_says_whether_it_is_json(self) -> None:
        """A text that JSON reads exists."""
        result = PrefectResult()
        assert result.exists("3") is True
        assert result.exists("") is False
        assert result.exists("<html>") is False

    def test_serializers(self) -> None:
        """JSON and dates are supported, and nothing else."""
        assert PrefectResult().serializer == JSONSerializer()
        assert PrefectResult(serializer=None).serializer == JSONSerializer()
        moment = pendulum.datetime(2020, 1, 1)
        dated = PrefectResult(serializer=DateTimeSerializer()).write(moment)
        assert dated.location == "2020-01-01T00:00:00Z"
        assert dated.serialize().deserialize().value == moment
        message = "PrefectResult only supports JSONSerializer or DateTimeSerializer"
        with pytest.raises(TypeError, match=message):
            PrefectResult(serializer=PickleSerializer())
        result: Any = PrefectResult()
        with pytest.raises(TypeError, match=message):
            result.serializer = PickleSerializer()
        with pytest.raises(ImmutableError):
            result.serializer = JSONSerializer()

    def test_values_that_are_not_json(self) -> None:
        """They raise what JSON raises, and more."""
        with pytest.raises(TypeError, match="not JSON serializable"):
            PrefectResult().write(lambda: None)
        with pytest.raises(SerializationError):
            PrefectResult(value={1}).serialize()
        with pytest.raises(Corrupt):
            PrefectResult().read("<html>")

    def test_serialized_it_is_its_location(self) -> None:
        """The wire form needs the location only."""
        sent = PrefectResult(value=[1]).serialize()
        assert (sent.value, sent.location) == (None, "[1]")
        got = PrefectResult.revive(location="[1]", serializer=PickleSerializer())
        assert got.deserialize().value == [1]
        assert pickle.loads(pickle.dumps(sent)).deserialize().value == [1]


class TestConstantResult:
    """Constants."""

    def test_reading_gives_itself(self) -> None:
        """A constant is its own storage."""
        result = ConstantResult(value=5)
        assert result.read("any") is result
        assert result.exists("any") is True
        with pytest.raises(ValueError, match=r"Cannot write values to `ConstantResult` types."):
            result.write(6)
        assert result.value == 5

    def test_it_takes_no_serializer(self) -> None:
        """The constructor refuses one."""
        with pytest.raises(ValueError, match=r"Can't pass a serializer to a ConstantResult."):
            ConstantResult(value=1, serializer=JSONSerializer())

    @pytest.mark.parametrize("value", [None, 3, (1, {2}), "x"])
    def test_it_travels_inline(self, value: Any) -> None:
        """The wire form has the value."""
        sent = ConstantResult(value=value).serialize()
        got = ConstantResult.revive(value=json.loads(json.dumps(sent.value)))
        assert got.deserialize() == ConstantResult(value=value)


class FakeSecret:
    """A secret's task, as far as results know it."""

    def __init__(self, name: str = "TOKEN") -> None:
        self.name = name
        self.runs = 0

    def run(self, name: str | None = None) -> str:
        """Another value each time."""
        self.runs += 1
        return f"hunter{self.runs} of {name}"


class TestSecretResult:
    """Secrets."""

    def test_reading_fetches_again(self) -> None:
        """Each read runs the task."""
        result = SecretResult(FakeSecret())
        assert result.location == "TOKEN"
        assert result.read("TOKEN").value == "hunter1 of TOKEN"
        assert result.read("OTHER").value == "hunter2 of OTHER"
        assert result.read("OTHER").location == "OTHER"
        assert result.value is None
        with pytest.raises(ValueError, match=r"SecretResults cannot be written to."):
            result.write("x")
        with pytest.raises(ValueError, match=r"Can't pass a serializer to a SecretResult."):
            SecretResult(FakeSecret(), serializer=JSONSerializer())

    @pytest.mark.parametrize("leave", [repr, str, pickle.dumps, cloudpickle.dumps])
    def test_the_value_never_leaves(self, leave: Any) -> None:
        """The value is in no repr, pickle or wire form."""
        for result in (
            SecretResult(FakeSecret(), value="hunter0"),
            SecretResult(FakeSecret()).from_value("hunter0"),
            SecretResult(FakeSecret()).read("TOKEN"),
        ):
            assert "hunter" in result.value
            assert "hunter" not in str(leave(result))
            assert "hunter" not in str(leave([{"a": result}]))
            assert result.serialize().value is None

    def test_another_process_fetches_it_again(self) -> None:
        """What was pickled or sent knows how to get the value."""
        result = SecretResult(FakeSecret(), value="hunter0")
        arrived = pickle.loads(pickle.dumps(result))
        assert (arrived.value, arrived.serialized) == (None, True)
        assert arrived.deserialize().value == "hunter1 of TOKEN"
        assert result.serialize().deserialize().value == "hunter1 of TOKEN"

    def test_copies_in_the_process_keep_the_value(self) -> None:
        """A copy is as good as the original."""
        result = SecretResult(FakeSecret(), value="hunter0")
        for same in (result.copy(), copy.copy(result), copy.deepcopy(result)):
            assert same.value == "hunter0"

    def test_the_wire_form_names_the_type(self) -> None:
        """A secret of a type that is registered can be fetched, of another one not."""
        sent = SecretResult(FakeSecret("A"), value="hunter0").serialize()
        assert sent.secret_type == "FakeSecret"
        got = SecretResult.revive(location=sent.location, secret_type=sent.secret_type)
        with pytest.raises(StorageError, match=r"FakeSecret.*register_secret_type"):
            got.deserialize()
        register_secret_type("FakeSecret", FakeSecret)
        assert got.deserialize().value == "hunter1 of A"
        assert got.secret_type == "FakeSecret"
        assert SecretResult.revive(value="hunter", location="A").value is None


class TestClouds:
    """Types whose storage is reached in another room."""

    def test_their_settings_travel_without_credentials(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """What says where is kept; what says who never leaves."""
        monkeypatch.delenv("AZURE_STORAGE_CONNECTION_STRING", raising=False)
        azure = AzureResult("c", connection_string="AccountKey=hunter", location="{x}")
        s3 = S3Result("b", boto3_kwargs={"aws_secret_access_key": "hunter"}, location="{x}")
        gcs = GCSResult(bucket="b", location="{x}")
        assert azure.connection_string == "AccountKey=hunter"
        for result, field in ((azure, "container"), (s3, "bucket"), (gcs, "bucket")):
            data = pickle.dumps(result)
            assert b"hunter" not in data
            assert "hunter" not in repr(result)
            assert getattr(pickle.loads(data), field) == getattr(result, field)
            assert pickle.loads(data).location == "{x}"
            assert result.wire_fields == (field,)
            assert result.copy() == result
        monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", "from the environment")
        assert AzureResult("c").connection_string == "from the environment"
        assert pickle.loads(pickle.dumps(azure)).connection_string == "from the environment"

    def test_options_of_fsspec_stay_here(self) -> None:
        """Options of the storage are in no pickle or repr."""
        result = FSSpecResult("memory://a", password="hunter")
        assert result.storage_options == {"password": "hunter"}
        assert b"hunter" not in pickle.dumps(result)
        assert "hunter" not in repr(result)


def test_types_are_registered_by_name() -> None:
    """Each named type is found under its class's name."""
    for cls in (
        Result,
        LocalResult,
        PrefectResult,
        ConstantResult,
        SecretResult,
        GCSResult,
        S3Result,
        AzureResult,
        FSSpecResult,
    ):
        assert result_type(cls.__name__) is cls
        assert result_type_name(cls) == cls.__name__
    assert result_type("Nothing") is None
