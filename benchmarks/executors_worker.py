"""A client that runs one workload on a dask.distributed cluster, and says how long it took.

Run as `python executors_worker.py LIBRARY ADDRESS WORKLOAD N`, with LIBRARY one of `ours`,
`legacy`, `patched` (see `worker.py`), and of what is written by hand on dask.distributed: `batches`
(`client.map` over batches, whose values are pickled into one object), `lists` (the same with lists
of values) and `plain` (`client.map` over the values). It prints JSON: `seconds`, and `client`, the
bytes by which its memory grew at most. The peer's interpreter runs it as well.
"""

import json
import pickle
import sys
import time

from worker import Library

BATCHES = 100


def echo(x):
    """What trivial children do."""
    return x


def pause(x):
    """What children do that take 50 ms."""
    time.sleep(0.05)
    return x


def total(values):
    """What a reduce does."""
    return sum(values)


class FlowRuns:
    """Workloads as flows of a library on its `DaskExecutor`."""

    def __init__(self, library, address):
        self.prefect = Library(library).prefect
        self.executor = __import__(
            f"{self.prefect.__name__}.executors", fromlist=["DaskExecutor"]
        ).DaskExecutor(address=address)

    def run(self, build):
        """Seconds to run a flow; `build` gets the decorator `task`."""
        with self.prefect.Flow("benchmark") as flow:
            build(lambda fn: self.prefect.task(fn, name=fn.__name__))
        started = time.perf_counter()
        state = flow.run(executor=self.executor)
        seconds = time.perf_counter() - started
        assert state.is_successful(), state
        return seconds

    def mapped(self, n):
        """One trivial task mapped over `n` values."""
        return self.run(lambda task: task(echo).map(list(range(n))))

    def paused(self, n):
        """One task of 50 ms mapped over `n` values."""
        return self.run(lambda task: task(pause).map(list(range(n))))

    def map_of_map(self, n):
        """A trivial task mapped over the children of another."""
        return self.run(lambda task: task(echo).map(task(echo).map(list(range(n)))))

    def reduced(self, n):
        """The sum of `n` children."""
        return self.run(lambda task: task(total)(task(echo).map(list(range(n)))))


def packed(values):
    """One object of the values of a batch; dask.distributed looks at each item of a list."""
    return pickle.dumps(values)


def unpacked(values):
    """The values of a batch."""
    return pickle.loads(values) if isinstance(values, bytes) else values


def batch(fn, start, stop, pack):
    """The values of consecutive children."""
    return pack([fn(x) for x in range(start, stop)])


def following(fn, values, pack):
    """The values of the children of a batch of values."""
    return pack([fn(x) for x in unpacked(values)])


def total_of_batches(batches):
    """A reduce over batches."""
    return sum(total(unpacked(values)) for values in batches)


class ByHand:
    """The same written by hand on dask.distributed."""

    def __init__(self, kind, address):
        self.kind = kind
        self.address = address
        self.pack = list if kind == "lists" else packed

    def run(self, fn, n, then=None):
        """Seconds to map over `n` values, and to do something with the futures."""
        import distributed

        started = time.perf_counter()
        with distributed.Client(self.address, set_as_default=False) as client:
            if self.kind == "plain":
                futures = client.map(fn, range(n), pure=False)
            else:
                starts = list(range(0, n, max(1, n // BATCHES)))
                stops = [*starts[1:], n]
                futures = client.map(
                    lambda start, stop: batch(fn, start, stop, self.pack),
                    starts,
                    stops,
                    pure=False,
                )
            if then is not None:
                futures = then(client, futures)
            values = client.gather(futures)
            if isinstance(values, list) and self.kind != "plain":
                values = [x for some in values for x in unpacked(some)]
        seconds = time.perf_counter() - started
        assert values == (list(range(n)) if isinstance(values, list) else sum(range(n)))
        return seconds

    def mapped(self, n):
        """See `FlowRuns`."""
        return self.run(echo, n)

    def paused(self, n):
        """See `FlowRuns`."""
        return self.run(pause, n)

    def map_of_map(self, n):
        """See `FlowRuns`."""
        if self.kind == "plain":
            return self.run(echo, n, lambda client, futures: client.map(echo, futures, pure=False))
        pack = self.pack
        return self.run(
            echo,
            n,
            lambda client, futures: client.map(
                lambda values: following(echo, values, pack), futures, pure=False
            ),
        )

    def reduced(self, n):
        """See `FlowRuns`."""
        reduce = total if self.kind == "plain" else total_of_batches
        return self.run(echo, n, lambda client, futures: client.submit(reduce, futures, pure=False))


def memory(name):
    """A figure of this process's memory, in bytes: `VmRSS`, or `VmHWM` for the peak."""
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith(name))


def main(library, address, workload, n):
    """Run the workload, small first, so that imports on workers are not counted."""
    if library in ("ours", "legacy", "patched"):
        runs = FlowRuns(library, address)
    else:
        # Workers have no such module as this one.
        import cloudpickle

        cloudpickle.register_pickle_by_value(sys.modules[__name__])
        runs = ByHand(library, address)
    run = getattr(runs, workload)
    run(4)
    before = memory("VmRSS")
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")
    seconds = run(n)
    return {"seconds": seconds, "client": max(0, memory("VmHWM") - before)}


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:4], int(sys.argv[4]))))
