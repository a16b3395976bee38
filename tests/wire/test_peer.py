"""A real Prefect 1.4.1 loads what is dumped here, and what it dumps is loaded here."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pendulum
import pytest

from prefect_results import states
from prefect_results.results import (
    AzureResult,
    ConstantResult,
    FSSpecResult,
    GCSResult,
    LocalResult,
    NoResult,
    PrefectResult,
    Result,
    S3Result,
    SecretResult,
)
from prefect_results.serializers import CompressedSerializer, JSONSerializer
from prefect_results.states import State
from prefect_results.wire.states import own_kinds

WHEN = pendulum.datetime(2021, 5, 12, 18, 0, 1, 696849)
# 1.4.1 loads types that it does not know as base results with the location.
LEGACY_TYPES = {"FSSpecResult": "Result", "UnknownResult": "Result"}


def ask(python: Path, **request: Any) -> Any:
    """Returns the legacy interpreter's answer to a request."""
    script = Path(__file__).with_name("peer_legacy.py")
    done = subprocess.run(
        [str(python), "-W", "ignore", str(script)],
        input=json.dumps(request),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


class Mine(Result):
    """A type of the user's own that is not registered."""


class Secret:
    """Stands for the task of a secret."""

    name = "KEY"


def results(folder: Path) -> dict[str, Result]:
    """Returns a result of each type."""
    local = LocalResult(dir=str(folder), location="here.pickle")
    return {
        "Result": Result(1),
        "Result of nothing": Result(None),
        "NoResultType": NoResult,
        "LocalResult": local.write([1, 2]),
        "LocalResult, JSON": LocalResult(
            dir=str(folder), location="x.json", serializer=JSONSerializer()
        ).write({"a": 1}),
        "PrefectResult": PrefectResult(value={"a": 1}),
        "ConstantResult": ConstantResult(value=3),
        "GCSResult": GCSResult(bucket="b", location="x"),
        "S3Result": S3Result(bucket="b", location="x"),
        "AzureResult": AzureResult(container="c", location="x"),
        "SecretResult": SecretResult(Secret()),
        "FSSpecResult": FSSpecResult(
            "memory://x", location="y", serializer=CompressedSerializer(JSONSerializer(), "zlib")
        ),
        "Mine": Mine(location="mine"),
    }


def own_states(folder: Path) -> dict[str, State]:
    """Returns a state of each type with all of its fields, and one of each type of result."""
    kinds = results(folder)
    common: dict[str, Any] = {"message": "m", "context": {"tags": ["t"]}}
    inputs = {"x": kinds["LocalResult"], "y": kinds["PrefectResult"].serialize()}
    extra: dict[str, dict[str, Any]] = {
        "Scheduled": {"start_time": WHEN},
        "Paused": {"start_time": WHEN},
        "Resume": {"start_time": WHEN},
        "Retrying": {"start_time": WHEN, "run_count": 3},
        "Queued": {"start_time": WHEN, "state": states.Running()},
        "Submitted": {"state": states.Retrying(start_time=WHEN, run_count=2)},
        "ClientFailed": {"state": states.Success("inner")},
        "Looped": {"loop_count": 4},
        "Mapped": {"n_map_states": 5},
        "Cached": {
            "cached_parameters": {"p": 1},
            "cached_result_expiration": WHEN,
            "hashed_inputs": {"x": "h"},
        },
    }
    found: dict[str, State] = {}
    for kind in own_kinds():
        options = {**common, **extra.get(kind.__name__, {}), "cached_inputs": inputs}
        found[kind.__name__] = kind(result=kinds["LocalResult"], **options)
    for name, result in kinds.items():
        found[f"Success of {name}"] = states.Success(result=result, **common)
    return found


def described_result(result: Result) -> dict[str, Any]:
    """Returns a result's type and public attributes, as the legacy side does."""
    facts = {
        name: getattr(result, name)
        for name in ("location", "dir", "bucket", "container")
        if hasattr(result, name)
    }
    return {**facts, "type": type(result).__name__}


def described(state: Any) -> Any:
    """Returns a state's type and fields, as the legacy side does."""
    if state is None:
        return None
    facts: dict[str, Any] = {"type": type(state).__name__, "message": state.message}
    facts["context"] = state.context
    facts["_result"] = described_result(state._result)
    facts["cached_inputs"] = {
        key: described_result(result) for key, result in state.cached_inputs.items()
    }
    for name in ("run_count", "loop_count", "n_map_states", "cached_parameters", "hashed_inputs"):
        if hasattr(state, name):
            facts[name] = getattr(state, name)
    for name in ("start_time", "cached_result_expiration"):
        if getattr(state, name, None) is not None:
            facts[name] = getattr(state, name).isoformat()
    if hasattr(state, "state"):
        facts["state"] = described(state.state)
    return facts


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns a folder for the files of both sides."""
    return tmp_path_factory.mktemp("peer")


def as_legacy_has_it(facts: Any) -> Any:
    """Returns a description with what 1.4.1 does not know left out."""
    found = dict(facts)
    result = found["_result"]
    if found["type"] == "Mapped":
        found["_result"] = {"type": "NoResultType"}
    elif result["type"] in LEGACY_TYPES:
        location = result["location"]
        found["_result"] = {"type": LEGACY_TYPES[result["type"]], "location": location}
    return found


def without_nothing(facts: Any) -> Any:
    """Returns a description without the location of `NoResult`, of which both sides have none."""
    if not isinstance(facts, dict):
        return facts
    if facts.get("type") == "NoResultType":
        return {"type": "NoResultType"}
    return {key: without_nothing(value) for key, value in facts.items()}


def test_ours_are_loaded_there(legacy_python: Path, folder: Path) -> None:
    """Every state type and every result type arrives at 1.4.1 with all that it knows."""
    own = own_states(folder)
    forms = [state.serialize() for state in own.values()]
    answers = ask(legacy_python, load=forms)["loaded"]
    for (name, state), form, answer in zip(own.items(), forms, answers, strict=True):
        expected = described(State.deserialize(form))
        assert type(state).__name__ == answer["type"], name
        assert without_nothing(as_legacy_has_it(expected)) == without_nothing(answer), name


def test_theirs_are_loaded_here(legacy_python: Path, folder: Path) -> None:
    """Every state type and every result type of 1.4.1 arrives here."""
    for name, sample in ask(legacy_python, load=[], folder=str(folder))["dumped"].items():
        loaded = State.deserialize(sample["form"])
        expected = sample["facts"]
        if expected["type"] == "Mapped":
            # Neither side sends the result of a mapped state.
            expected["_result"] = {"type": "NoResultType"}
        assert without_nothing(described(loaded)) == without_nothing(expected), name


def test_values_written_there_are_read_here(legacy_python: Path, folder: Path) -> None:
    """What 1.4.1 stored is read here."""
    dumped = ask(legacy_python, load=[], folder=str(folder))["dumped"]
    for name, value in (("LocalResult", [1, 2]), ("PrefectResult", {"a": 1})):
        state = State.deserialize(dumped[f"Success of {name}"]["form"])
        assert state.load_result().result == value
    retrying = State.deserialize(dumped["Retrying"]["form"]).load_cached_results()
    assert {key: one.value for key, one in retrying.cached_inputs.items()} == {
        "x": [1, 2],
        "y": {"a": 1},
    }


def test_values_written_here_are_read_there(legacy_python: Path, folder: Path) -> None:
    """What is stored here is read by 1.4.1, where the serializer is its default."""
    kinds = results(folder)
    names = ("LocalResult", "PrefectResult")
    forms = [states.Success(result=kinds[name]).serialize() for name in names]
    answers = ask(legacy_python, load=forms, read=True)["loaded"]
    assert [answer["value"] for answer in answers] == [[1, 2], {"a": 1}]


def test_theirs_go_back(legacy_python: Path, folder: Path) -> None:
    """A state of 1.4.1 that passed through here is the same to 1.4.1 afterwards."""
    dumped = ask(legacy_python, load=[], folder=str(folder))["dumped"]
    back = [State.deserialize(sample["form"]).serialize() for sample in dumped.values()]
    answers = ask(legacy_python, load=back + [sample["form"] for sample in dumped.values()])
    half = len(back)
    assert answers["loaded"][:half] == answers["loaded"][half:]
