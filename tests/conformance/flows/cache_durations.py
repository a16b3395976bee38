"""cache_for with the default validator, hits within one flow over runs, misses after expiry."""

import datetime

from prefect import Flow, Parameter, task
from prefect.engine import cache_validators

CALLS = []


def cached(name, **kwargs):
    def run(x):
        CALLS.append(name)
        return [name, x, len([c for c in CALLS if c == name])]

    return task(run, name=name, **kwargs)


hour = datetime.timedelta(hours=1)
V = cache_validators

with Flow("cache") as flow:
    a, b = Parameter("a", default=1), Parameter("b", default=1)
    for t in [
        cached("default", cache_for=hour),
        cached("never", cache_for=hour, cache_validator=V.never_use),
        cached("duration", cache_for=hour, cache_validator=V.duration_only),
        cached("expired", cache_for=datetime.timedelta(0)),
        cached("inputs", cache_for=hour, cache_validator=V.all_inputs),
        cached("parameters", cache_for=hour, cache_validator=V.all_parameters),
        cached(
            "some inputs", cache_for=hour, cache_validator=V.partial_inputs_only(validate_on=["x"])
        ),
        cached("no inputs", cache_for=hour, cache_validator=V.partial_inputs_only()),
        cached(
            "some parameters",
            cache_for=hour,
            cache_validator=V.partial_parameters_only(validate_on=["b"]),
        ),
        cached("no parameters", cache_for=hour, cache_validator=V.partial_parameters_only()),
        cached(
            "without",
        ),
    ]:
        t(a)
    cached("of b", cache_for=hour, cache_validator=V.all_parameters)(b)

runs = [{}, {}, {"a": 2}, {"b": 2}, {"a": 1, "b": 1}]


def observe(flow, states):
    return sorted(CALLS)
