"""Run by Prefect 1.4.1: pickles what its users pickle. Usage: FILE."""

import datetime
import pickle
import sys

import cloudpickle
import pendulum
from prefect import Flow, Parameter, task
from prefect.engine import state
from prefect.engine.result import NoResult, Result
from prefect.engine.results import ConstantResult, LocalResult, PrefectResult
from prefect.engine.serializers import CompressedSerializer, JSONSerializer, PickleSerializer

now = pendulum.now("utc")


@task(max_retries=1, retry_delay=datetime.timedelta(0), result=PrefectResult())
def inc(x):
    return x + 1


with Flow("pickled") as flow:
    inc.map([1, 2, 3])
    inc((Parameter("p", default=1) + 2) + 2, task_args={"name": "last"})

made = {
    "states": [
        state.Success("m", result=PrefectResult(value=1)),
        state.Retrying("r", start_time=now, run_count=2, cached_inputs={"x": Result(3)}),
        state.Mapped(map_states=[state.Success(result=1)]),
    ],
    "results": [
        Result(1),
        NoResult,
        LocalResult(
            dir=".",
            location="{x}.json",
            serializer=CompressedSerializer(PickleSerializer(), "zlib"),
        ),
        PrefectResult(value=[1], serializer=JSONSerializer()),
        ConstantResult(value=5),
    ],
    "python": tuple(sys.version_info[:2]),
    "flow": flow,
}
with open(sys.argv[1], "wb") as file:
    pickle.dump({name: cloudpickle.dumps(thing) for name, thing in made.items()}, file)
