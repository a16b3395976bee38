"""A process that serializes and deserializes states with one library, and says how long it takes.

`python wire_worker.py LIBRARY`, with LIBRARY one of `ours`, `bare` (marshmallow schemas with the
same fields, and nothing else) and `legacy` (Prefect 1.4.1). It reads one JSON request a line from
standard input, `{"n": repetitions}`, and writes one line with the seconds per call of each
operation. It imports nothing of this folder: the peer's interpreter runs it as well.
"""

import json
import sys
import time
from types import SimpleNamespace


def library(name):
    """Returns the operations by name: functions without arguments."""
    if name == "bare":
        return bare()
    if name == "ours":
        from prefect_results.results import LocalResult
        from prefect_results.states import Retrying, State, Success
    else:
        from prefect.engine.results import LocalResult
        from prefect.engine.state import Retrying, State, Success
    local = LocalResult(dir="/tmp/bench", location="a/b/c.pickle", validate_dir=False)
    success = Success("Task run succeeded.", result=local)
    inputs = dict.fromkeys(("x", "y", "z"), local)
    retrying = Retrying("Retrying Task", cached_inputs=inputs, run_count=2)
    return operations(
        {"success": success, "retrying": retrying},
        lambda state: state.serialize(),
        State.deserialize,
    )


def bare():
    """Returns the operations on plain objects through plain schemas with the same fields."""
    import datetime

    from marshmallow import EXCLUDE, Schema, fields

    class Base(Schema):
        class Meta:
            unknown = EXCLUDE

        type = fields.Str()
        version = fields.Str(data_key="__version__")

    class SerializerSchema(Schema):
        type = fields.Str()

    class ResultSchema(Base):
        location = fields.Str(allow_none=True)
        serialized = fields.Bool()
        serializer = fields.Nested(SerializerSchema)
        dir = fields.Str()

    class SuccessSchema(Base):
        message = fields.Str(allow_none=True)
        context = fields.Dict(keys=fields.Str(), values=fields.Raw())
        _result = fields.Nested(ResultSchema)
        cached_inputs = fields.Dict(keys=fields.Str(), values=fields.Nested(ResultSchema))

    class RetryingSchema(SuccessSchema):
        start_time = fields.DateTime(allow_none=True)
        run_count = fields.Int()

    local = SimpleNamespace(
        type="LocalResult",
        version="1",
        location="a/b/c.pickle",
        serialized=True,
        serializer=SimpleNamespace(type="PickleSerializer"),
        dir="/tmp/bench",
    )
    success = SimpleNamespace(
        type="Success",
        version="1",
        message="Task run succeeded.",
        context={},
        _result=local,
        cached_inputs={},
    )
    retrying = SimpleNamespace(
        type="Retrying",
        version="1",
        message="Retrying Task",
        context={},
        _result=SimpleNamespace(type="NoResultType", version="1"),
        cached_inputs=dict.fromkeys(("x", "y", "z"), local),
        start_time=datetime.datetime.now(datetime.timezone.utc),
        run_count=2,
    )
    schemas = {"Success": SuccessSchema(), "Retrying": RetryingSchema()}
    return operations(
        {"success": success, "retrying": retrying},
        lambda one: schemas[one.type].dump(one),
        lambda form: schemas[form["type"]].load(form),
    )


def operations(states, dump, load):
    """Returns what is measured: dumping and loading each state."""
    found = {}
    for name, state in states.items():
        form = dump(state)
        assert type(load(form)) is not None
        found["serialize " + name] = lambda state=state: dump(state)
        found["deserialize " + name] = lambda form=form: load(form)
    return found


def seconds(function, n):
    """Returns the seconds per call of `n` calls."""
    started = time.perf_counter()
    for _ in range(n):
        function()
    return (time.perf_counter() - started) / n


def main():
    """Answers requests until standard input ends."""
    found = library(sys.argv[1])
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        n = json.loads(line)["n"]
        answer = {name: seconds(function, n) for name, function in found.items()}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
