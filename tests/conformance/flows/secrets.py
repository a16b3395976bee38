"""Secrets from context, environment; they are run again when given as states."""

import os

import prefect
from prefect import Flow, task
from prefect.client import Secret
from prefect.engine.state import Success
from prefect.tasks.secrets import EnvVarSecret, PrefectSecret


def setup(tmp):
    os.environ["CONFORMANCE_SECRET"] = "5"


@task
def use(x):
    return "used {}".format(x)


with Flow("secrets") as flow:
    s = PrefectSecret("TOKEN")
    use(s)
    use(EnvVarSecret("CONFORMANCE_SECRET", cast=int))
    use(EnvVarSecret("CONFORMANCE_MISSING"))
    use(EnvVarSecret("CONFORMANCE_REQUIRED", raise_if_missing=True))
    use(PrefectSecret("NONE"))


def execute(flow):
    with prefect.context(secrets={"TOKEN": {"a": 1}}):
        return [flow.run(), flow.run(task_states={s: Success(result="stale")})]


def observe(flow, states):
    out = []
    with prefect.context(secrets={"A": "1", "J": '{"k": [1]}', "T": "text"}):
        for name in ("A", "J", "T", "Z"):
            try:
                out.append(Secret(name).get())
            except Exception as exc:
                out.append(exc)
        out.append(Secret("A").exists())
        out.append(Secret("Z").exists())
        out.append(repr(Secret("A")))
    return out + [type(s.result).__name__, s.max_retries, s.name]
