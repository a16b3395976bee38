"""The published JSON Schemas are those of the code, and say what is dumped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from prefect_results.results import Result
from prefect_results.states import State
from prefect_results.testing.wire import all_states, results
from prefect_results.wire import ResultSchema
from prefect_results.wire.jsonschema import generate, main, texts

PUBLISHED = Path(__file__).parents[2] / "schemas"


@pytest.fixture(scope="module")
def validators() -> Any:
    """Returns a validator for each contract."""
    library = pytest.importorskip("jsonschema")
    return {
        name.removesuffix(".json"): library.Draft202012Validator(schema)
        for name, schema in generate().items()
    }


def test_published_files_are_current() -> None:
    """What lies in `schemas/` is what is generated; the module's command writes it."""
    assert {path: (PUBLISHED / path).read_text() for path in texts()} == texts()


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The command writes, and `--check` only looks."""
    assert main([str(tmp_path), "--check"]) == 1
    assert "Out of date" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
    assert main([str(tmp_path)]) == 0
    assert main([str(tmp_path), "--check"]) == 0


@given(all_states())
def test_dumped_states_are_valid(validators: Any, state: State) -> None:
    """Every state that is dumped fits the contract."""
    validators["state"].validate(state.serialize())


@given(results())
def test_dumped_results_are_valid(validators: Any, result: Result) -> None:
    """Every result that is dumped fits the contract."""
    validators["result"].validate(ResultSchema().dump(result))


@pytest.mark.parametrize(
    "form",
    [
        {"type": "Nope"},
        {"type": "Success", "message": 3},
        {"type": "Success", "_result": {"type": "LocalResult", "dir": 3}},
        {"type": "Mapped", "n_map_states": -1},
        {"type": "Queued", "state": {"type": "Success", "context": []}},
    ],
)
def test_malformed_states_are_invalid(validators: Any, form: dict[str, Any]) -> None:
    """What is refused on load does not fit the contract either."""
    assert not validators["state"].is_valid(form)
