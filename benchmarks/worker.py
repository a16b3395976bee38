"""A process that runs workloads on one library and answers how long they took.

Started by `benchmarks.workers` as `python worker.py LIBRARY`, with LIBRARY one of `ours`,
`legacy` (Prefect 1.4.1 as installed) and `patched` (the same without its merge of the whole
configuration at each entry of a context). It reads one JSON request a line from standard input
and writes one JSON answer a line to standard output; the library's log goes nowhere, but is
formatted and written. It imports nothing of this folder: the peer's interpreter runs it as well.
"""

import contextlib
import json
import os
import pickle
import resource
import shutil
import sys
import tempfile
import time
from datetime import timedelta


class Library:
    """The names that a workload needs, from either library."""

    def __init__(self, name):
        self.name = name
        if name == "ours":
            import prefect_results as prefect
            from prefect_results.results import LocalResult
        else:
            import prefect
            from prefect.engine.results import LocalResult

            if name == "patched":
                drop_configuration_merge(type(prefect.context))
        self.prefect = prefect
        self.LocalResult = LocalResult


def drop_configuration_merge(context_type):
    """Let the peer enter a context by updating it, without merging and copying its config."""

    @contextlib.contextmanager
    def enter(self, *args, **kwargs):
        before = self.__dict__.copy()
        self.__dict__.update(*args, **kwargs)
        try:
            yield self
        finally:
            self.__dict__.clear()
            self.__dict__.update(before)

    context_type.__call__ = enter
    context_type.to_dict = lambda self: self.__dict__.copy()


def mapped(lib, n, folder, **task_options):
    """Seconds to run one trivial task mapped over `n` values."""
    flow = mapped_flow(lib, n, **task_options)
    return timed(lambda: flow.run())


def mapped_flow(lib, n, **task_options):
    """A flow with one trivial task mapped over `n` values."""
    echo = lib.prefect.task(lambda x: x, name="echo", **task_options)
    with lib.prefect.Flow("mapped") as flow:
        echo.map(list(range(n)))
    return flow


def chained(lib, n, folder):
    """Seconds to run `n` trivial tasks, each fed by the one before."""
    increment = lib.prefect.task(lambda x: x + 1, name="increment")
    with lib.prefect.Flow("chained") as flow:
        value = lib.prefect.Parameter("start", default=0)
        for _ in range(n):
            value = increment(value)
    return timed(lambda: flow.run())


def recorded(lib, n, folder):
    """Seconds that recording adds to a run of one trivial task mapped over `n` values (ours)."""
    flow = mapped_flow(lib, n)
    store = os.path.join(folder, "runs.db")
    flow.run(record=True, store=store)  # registers the flow
    bare = timed(lambda: flow.run())
    return timed(lambda: flow.run(record=True, store=store)) - bare


def memory(lib, n, folder):
    """Bytes of peak resident memory for each of `n` mapped children, beyond a small run."""
    mapped_flow(lib, 1000).run()
    flow = mapped_flow(lib, n)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    state = flow.run()
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert state.is_successful(), state
    return (after - before) * 1024 / n


def checkpointed(lib, n, folder):
    """Seconds for `n` mapped tasks whose values are written, less those of a run that doesn't."""
    result = lib.LocalResult(dir=folder, location="{map_index}.pickle")
    bare = mapped(lib, n, folder)
    with lib.prefect.context(checkpointing=True):
        return mapped(lib, n, folder, result=result) - bare


def target(lib, n, folder):
    """Seconds for `n` mapped tasks whose targets exist on disk."""
    result = lib.LocalResult(dir=folder)
    flow = mapped_flow(lib, n, result=result, target="{map_index}.pickle")
    with lib.prefect.context(checkpointing=True):
        flow.run()
        return timed(lambda: flow.run())


def cached(lib, n, folder):
    """Seconds for `n` tasks whose values were cached by an earlier run."""
    with lib.prefect.Flow("cached") as flow:
        for i in range(n):
            lib.prefect.task(lambda: 1, name=f"t{i}", cache_for=timedelta(hours=1))()
    flow.run()
    return timed(lambda: flow.run())


def bare_writes(lib, n, folder):
    """Seconds for `n` times pickle, temporary file, rename: the least that a checkpoint costs."""

    def write():
        for i in range(n):
            path = os.path.join(folder, f"{i}.bare")
            with open(path + ".tmp", "wb") as file:
                file.write(pickle.dumps(i, protocol=5))
            os.replace(path + ".tmp", path)

    return timed(write)


#: What seconds are read from; see `--clock` of the benchmarks.
CLOCK = time.process_time if os.environ.get("BENCH_CLOCK") == "cpu" else time.perf_counter


def timed(function):
    """Seconds that a call takes."""
    started = CLOCK()
    state = function()
    spent = CLOCK() - started
    assert state is None or state.is_successful(), state
    return spent


WORKLOADS = {
    f.__name__: f
    for f in (mapped, recorded, chained, memory, checkpointed, target, cached, bare_writes)
}


def main():
    """Answer requests until standard input ends."""
    answers, sys.stdout = sys.stdout, open(os.devnull, "w")  # noqa: SIM115
    lib = Library(sys.argv[1])
    # What is imported and looked up once for a process is not the cost of a task.
    mapped(lib, 10, None)
    chained(lib, 10, None)
    print(json.dumps({"ready": lib.name}), file=answers, flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        folder = tempfile.mkdtemp(prefix="bench-")
        try:
            value = WORKLOADS[request["workload"]](lib, request["n"], folder)
            answer = {"value": value}
        except Exception as exc:
            answer = {"error": f"{type(exc).__name__}: {exc}"}
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
