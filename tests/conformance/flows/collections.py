"""Nested lists, tuples, sets and dictionaries of tasks become collection tasks."""

import collections

from prefect import Flow, Parameter, task
from prefect.tasks.core.collections import Dict, List, Set, Tuple

Pair = collections.namedtuple("Pair", "a b")


@task
def one():
    return 1


@task
def show(x):
    return repr(x)


with Flow("collections") as flow:
    o, p = one(), Parameter("p", default="pp")
    show([o, 2, [p]])
    show((o, p))
    show({"a": o, "b": {"c": p, "d": 1}})
    show({o})
    show({"plain": [1, 2]})
    show([])
    List()(o, p, 3)
    Tuple()(o, p)
    Set()(o, o)
    Dict()(keys=["a", "b"], values=[o, p])
    show(Pair(1, 2))
    show({1: o, (1, 2): p})
