"""What the real Prefect 1.4.1 says about states: run by its interpreter, JSON in and out.

Reads `{"load": [forms]}` and writes, for each form, what its `State.deserialize` made of it; and,
under `dumped`, what its own states look like when it dumps them. Imports nothing of this project.
"""

import json
import sys

import pendulum
from prefect.engine import results as kinds
from prefect.engine import state as states
from prefect.engine.result import NoResult, Result
from prefect.tasks.secrets import PrefectSecret

WHEN = pendulum.datetime(2021, 5, 12, 18, 0, 1, 696849)


def described_result(result):
    """Returns a result's type and public attributes."""
    names = ("location", "dir", "bucket", "container")
    facts = {name: getattr(result, name) for name in names if hasattr(result, name)}
    return dict(facts, type=type(result).__name__)


def described(state):
    """Returns a state's type and fields."""
    if state is None:
        return None
    facts = {"type": type(state).__name__, "message": state.message, "context": state.context}
    facts["_result"] = described_result(state._result)
    facts["cached_inputs"] = {
        key: described_result(result) for key, result in state.cached_inputs.items()
    }
    for name in ("run_count", "loop_count", "n_map_states", "cached_parameters", "hashed_inputs"):
        if hasattr(state, name):
            facts[name] = getattr(state, name)
    for name in ("start_time", "cached_result_expiration"):
        moment = getattr(state, name, None)
        if moment is not None:
            facts[name] = moment.isoformat()
    if hasattr(state, "state"):
        facts["state"] = described(state.state)
    return facts


def own_results(folder):
    """Returns a result of each type, stored where that can be done here."""
    return {
        "Result": Result(value=1),
        "NoResultType": NoResult,
        "LocalResult": kinds.LocalResult(dir=folder, location="legacy.pickle").write([1, 2]),
        "PrefectResult": kinds.PrefectResult().write({"a": 1}),
        "ConstantResult": kinds.ConstantResult(value=3),
        "GCSResult": kinds.GCSResult(bucket="b", location="x"),
        "S3Result": kinds.S3Result(bucket="b", location="x"),
        "AzureResult": kinds.AzureResult(container="c", connection_string="s", location="x"),
        "SecretResult": kinds.SecretResult(PrefectSecret("KEY")),
    }


def own_states(results):
    """Returns a state of each type, with all of its fields."""
    common = {"message": "m", "context": {"tags": ["t"]}}
    inputs = {"x": results["LocalResult"], "y": results["PrefectResult"]}
    extra = {
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
    found = {}
    for kind in states.State.children():
        options = dict(common, cached_inputs=inputs, **extra.get(kind.__name__, {}))
        found[kind.__name__] = kind(result=results["LocalResult"], **options)
    for name, result in results.items():
        found["Success of " + name] = states.Success(result=result, **common)
    return found


def main():
    """Answers one request."""
    request = json.load(sys.stdin)
    answer = {"loaded": [], "dumped": {}}
    for form in request["load"]:
        state = states.State.deserialize(form)
        facts = described(state)
        if request.get("read"):
            facts["value"] = state.load_result(state._result).result
        answer["loaded"].append(facts)
    if request.get("folder"):
        for name, state in own_states(own_results(request["folder"])).items():
            answer["dumped"][name] = {"form": state.serialize(), "facts": described(state)}
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
