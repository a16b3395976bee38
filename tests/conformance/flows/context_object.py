"""The context object itself."""

import pickle

import prefect
from prefect import Flow, context

flow = Flow("context-object")


def attempt(call):
    try:
        return call()
    except Exception as exc:
        return exc


def observe(flow, states):
    out = []
    with context(a=1, b={"c": 2}) as c:
        out += [
            c is prefect.context,
            context.a,
            context["b"]["c"],
            type(context.b).__name__,
            "a" in context,
            context.get("z", 9),
        ]
        with context(dict(a=2), d=3):
            out += [context.a, context.d, context.to_dict()["a"]]
            context.e = 5
        out += [context.a, "d" in context, "e" in context]
        context.update(f=6)
        context.setdefault("g", 7)
        out += [
            context.f,
            context.pop("g"),
            attempt(lambda: context.missing),
            attempt(lambda: context["missing"]),
        ]
        with context(config={"flows": {"checkpointing": "odd"}}):
            out += [context.config.flows.checkpointing, context.config.logging.level]
    out += ["a" in context, attempt(lambda: pickle.dumps(context)), repr(context)[:8]]
    return out
