"""The context in threads that a task starts, and how to take it there."""

import threading
from concurrent.futures import ThreadPoolExecutor

import prefect
from prefect import Flow, task

KEYS = ("task_name", "task_full_name", "map_index", "mine", "flow_name", "task_run_count")


def look(_=None):
    return [prefect.context.get(key) for key in KEYS]


@task
def pool(x):
    with ThreadPoolExecutor(2) as p:
        return list(p.map(look, range(2)))


@task
def thread(x):
    got = []
    t = threading.Thread(target=lambda: got.append(look()))
    t.start()
    t.join()
    return got


@task
def taken_along(x):
    known = dict(prefect.context)

    def look_with(_):
        with prefect.context(known):
            return look()

    with ThreadPoolExecutor(2) as p:
        return list(p.map(look_with, range(2)))


with Flow("context-in-threads") as flow:
    pool.map([1, 2])
    thread(1)
    taken_along.map([1, 2])
    taken_along(3)
run_kwargs = {"context": {"mine": 1}}
