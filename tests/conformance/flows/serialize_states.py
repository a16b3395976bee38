"""state.serialize of each kind of state, fields that both sides write."""

import json

import pendulum
from prefect import Flow
from prefect.engine import state as S
from prefect.engine.results import ConstantResult, LocalResult, PrefectResult

flow = Flow("serialize-states")
when = pendulum.datetime(2020, 1, 2, 3, 4, 5)


def observe(flow, states):
    known = LocalResult(dir="out", location="known.pkl")
    out = []
    for s in [
        S.Pending("p"),
        S.Scheduled("s", start_time=when),
        S.Resume("r", start_time=when),
        S.Paused("p", start_time=when),
        S.Retrying(
            "r", start_time=when, run_count=3, cached_inputs={"x": PrefectResult(value=[1])}
        ),
        S.Submitted(state=S.Pending("inner")),
        S.Queued(state=S.Pending("q")),
        S.ClientFailed(state=S.Success("c")),
        S.Running("run"),
        S.Cancelling("c"),
        S.Success("ok", result=PrefectResult(value={"a": 1})),
        S.Success("stored", result=known),
        S.Cached(
            "c",
            result=ConstantResult(value=4),
            cached_result_expiration=when,
            cached_parameters={"p": 1},
            hashed_inputs={"x": "h"},
        ),
        S.Mapped("m", n_map_states=3),
        S.Skipped("k"),
        S.Looped("l", loop_count=4),
        S.Failed("f"),
        S.TimedOut("t"),
        S.TriggerFailed("tf"),
        S.ValidationFailed("v"),
        S.Cancelled("c"),
        S.Finished("fin"),
        S.Failed("ctx", context={"tags": ["a"], "k": 1}),
    ]:
        blob = json.loads(json.dumps(s.serialize()))
        back = S.State.deserialize(blob)
        keep = {
            k: v
            for k, v in sorted(blob.items())
            if k not in ("__version__", "_result", "cached_inputs", "state")
        }
        out.append(
            [
                keep,
                type(back).__name__,
                back.message,
                repr(s),
                str(s.color),
                back.is_finished(),
                back.is_successful(),
            ]
        )
        result = blob.get("_result")
        if isinstance(result, dict):
            out.append([result.get("type"), result.get("value"), result.get("location")])
    return out
