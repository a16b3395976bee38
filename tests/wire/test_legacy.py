"""States that older releases wrote are upgraded when they are loaded."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pendulum
import pytest
from marshmallow import ValidationError

from prefect_results import states
from prefect_results.exceptions import DeserializationError
from prefect_results.results import ConstantResult, LocalResult, NoResult, PrefectResult
from prefect_results.states import State
from prefect_results.wire import ResultSchema, UnknownResult

SAMPLES = Path(__file__).parents[1] / "fixtures" / "legacy_states"
# Prefect never wrote the values of constants.
LOST = {"success-constant"}
RENAMED = {"Aborted": "Cancelled"}


def samples() -> list[Any]:
    """Returns every sample of every release, as pytest parameters."""
    found = []
    for folder in sorted(SAMPLES.iterdir()):
        for case in json.loads((folder / "states.json").read_text())["cases"]:
            found.append(pytest.param(folder, case, id=f"{folder.name}-{case['name']}"))
    return found


@pytest.fixture
def placed(tmp_path: Path) -> Any:
    """Returns what copies a release's files and puts their folder into a sample."""

    def place(folder: Path, case: dict[str, Any]) -> dict[str, Any]:
        files = tmp_path / "files"
        shutil.copytree(folder / "files", files)
        text = json.dumps(case).replace("{FILES}", str(files))
        return json.loads(text)

    return place


@pytest.mark.parametrize(("folder", "case"), samples())
def test_samples_load_and_read(placed: Any, folder: Path, case: dict[str, Any]) -> None:
    """A sample has the expected type and fields, and its values can be read."""
    case = placed(folder, case)
    expected = case["expect"]
    state = State.deserialize(case["serialized"])
    assert type(state).__name__ == RENAMED.get(expected["type"], expected["type"])
    assert state.message == expected["message"]
    for name in ("run_count", "loop_count", "n_map_states", "cached_parameters"):
        if name in expected:
            assert getattr(state, name) == expected[name]
    for name in ("start_time", "cached_result_expiration"):
        if name in expected:
            assert getattr(state, name) == pendulum.parse(expected[name])
    if expected.get("persisted", "value" in expected) and case["name"] not in LOST:
        assert state.load_result().result == expected["value"]
    if "cached_inputs" in expected:
        state.load_cached_results()
        values = {key: result.value for key, result in state.cached_inputs.items()}
        assert values == expected["cached_inputs"]


@pytest.mark.parametrize(("folder", "case"), samples())
def test_samples_are_stable(placed: Any, folder: Path, case: dict[str, Any]) -> None:
    """A sample that is loaded and dumped again loads to the same, in today's form."""
    case = placed(folder, case)
    state = State.deserialize(case["serialized"])
    dumped = json.loads(json.dumps(state.serialize()))
    again = State.deserialize(dumped)
    assert again == state
    assert again._result == state._result
    assert again.serialize() == dumped


def test_loading_touches_no_storage() -> None:
    """A state whose files are gone loads; only reading its value fails."""
    state = State.deserialize(
        {
            "type": "Success",
            "_result": {"type": "LocalResult", "dir": "/nowhere", "location": "/nowhere/x"},
        }
    )
    assert state.result is None
    with pytest.raises(FileNotFoundError):
        state.load_result()


def safe(handler: dict[str, Any], value: Any) -> dict[str, Any]:
    """Returns the form of a result of the handlers' era."""
    return {"type": "SafeResult", "value": value, "result_handler": handler}


@pytest.mark.parametrize(
    ("handler", "kind", "field"),
    [
        ({"type": "GCSResultHandler", "bucket": "b", "credentials_secret": None}, "GCS", "bucket"),
        ({"type": "S3ResultHandler", "bucket": "b"}, "S3", "bucket"),
        ({"type": "AzureResultHandler", "container": "b"}, "Azure", "container"),
    ],
)
def test_buckets_of_handlers(handler: dict[str, Any], kind: str, field: str) -> None:
    """A handler of a bucket becomes the result type of that bucket, with its location."""
    result = ResultSchema().load(safe(handler, "2020/1/1/x"))
    assert type(result).__name__ == f"{kind}Result"
    assert getattr(result, field) == "b"
    assert result.location == "2020/1/1/x"


def test_secret_handler() -> None:
    """A handler of a secret becomes a SecretResult of its name."""
    result = ResultSchema().load(safe({"type": "SecretResultHandler", "name": "S"}, "S"))
    assert type(result).__name__ == "SecretResult"
    assert result.location == "S"


@pytest.mark.parametrize(
    "form",
    [
        safe({"type": "CustomResultHandler"}, "3"),
        safe({"type": "CloudResultHandler", "result_handler_service": "http://x"}, "uri"),
        safe({"type": "ResultHandler"}, None),
        {"type": "CustomResult", "location": "x"},
        {"type": "ResultHandlerResult", "location": "x", "result_handler_type": "Mine"},
    ],
)
def test_what_nobody_knows_is_kept(form: dict[str, Any]) -> None:
    """A handler of the user's own is kept as it is, and says so when it is read."""
    result = ResultSchema().load(form)
    assert isinstance(result, UnknownResult)
    assert ResultSchema().dump(result) == form
    with pytest.raises(DeserializationError, match="not registered"):
        states.Success(result=result).load_result()


def test_handler_results_of_known_handlers(tmp_path: Path) -> None:
    """A wrapped handler of 0.11 to 0.14 is read where its name says how."""
    written = LocalResult(dir=str(tmp_path)).write([1, 2])
    form = {"type": "ResultHandlerResult", "location": written.location}
    local = ResultSchema().load({**form, "result_handler_type": "LocalResultHandler"})
    assert states.Success(result=local).load_result().result == [1, 2]
    form["location"] = "[3]"
    inline = ResultSchema().load({**form, "result_handler_type": "JSONResultHandler"})
    assert inline.read(inline.location).value == [3]


def test_base64_pickles_of_old_handlers(tmp_path: Path) -> None:
    """Files with base64 text of a pickle, as some releases wrote them, are read."""
    import base64
    import pickle

    (tmp_path / "x").write_bytes(base64.b64encode(pickle.dumps({"a": 1})))
    handler = {"type": "LocalResultHandler", "dir": str(tmp_path)}
    result = ResultSchema().load(safe(handler, str(tmp_path / "x")))
    assert states.Success(result=result).load_result().result == {"a": 1}


def test_dates_in_prefect_results() -> None:
    """A date that a PrefectResult holds is read as one, though no serializer was recorded."""
    result = ResultSchema().load(
        {"type": "PrefectResult", "location": "2021-05-12T18:00:01.696849+00:00"}
    )
    assert isinstance(result, PrefectResult)
    assert result.read(result.location).value == pendulum.datetime(2021, 5, 12, 18, 0, 1, 696849)


def test_constants_have_no_value() -> None:
    """A constant of 1.4.1 loads as one, though its value was never written."""
    result = ResultSchema().load({"type": "ConstantResult", "location": None})
    assert isinstance(result, ConstantResult)
    assert result.value is None


def test_old_names_and_nulls() -> None:
    """`Aborted` is `Cancelled` now, and null among cached inputs of old was nothing."""
    state = State.deserialize(
        {"type": "Aborted", "__version__": "0.5.5", "cached_inputs": {"x": None}}
    )
    assert type(state) is states.Cancelled
    assert state.cached_inputs == {"x": NoResult}


@pytest.mark.parametrize(
    ("form", "path"),
    [
        ({"type": "SafeResult"}, {"result_handler": ["Invalid type."]}),
        (
            {"type": "SafeResult", "result_handler": {"type": 3}},
            {"result_handler": {"type": ["Not a valid string."]}},
        ),
        (
            safe({"type": "LocalResultHandler", "dir": "/x"}, {"a": 1}),
            {"value": ["Not a valid string."]},
        ),
    ],
)
def test_malformed_handlers(form: dict[str, Any], path: dict[str, Any]) -> None:
    """A malformed form of the handlers' era is refused, with the path to the field."""
    with pytest.raises(ValidationError) as caught:
        State.deserialize({"type": "Success", "_result": form})
    assert caught.value.messages == {"_result": path}
