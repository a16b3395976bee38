"""flow.run asks whether paused tasks should resume."""

import builtins

from prefect import Flow, task
from prefect.triggers import manual_only

ASKED = []


@task(trigger=manual_only)
def gate(x):
    return x


@task
def after(x):
    return x


with Flow("pause-interactive") as flow:
    after(gate(1))


def execute(flow):
    answers = iter(["n", "y"])

    def answer(question=""):
        ASKED.append(question)
        return next(answers)

    real, builtins.input = builtins.input, answer
    try:
        return flow.run()
    finally:
        builtins.input = real


def observe(flow, states):
    return ASKED
