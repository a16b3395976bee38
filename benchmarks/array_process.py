"""Write or read one large array once, in a process of its own, and say what it took.

`python array_process.py HOW DO FOLDER MB` with HOW one of `ours`, `ours-out-of-band`, `legacy`,
`pickle`, `numpy` and DO `write` or `read` (of what the same HOW wrote). Prints JSON: `seconds`,
and `memory`, the peak over what the process held before, in units of the array's size. The
peer's interpreter runs it too.
"""

import json
import os
import pickle
import resource
import sys
import time

import numpy

NAME = "array.pickle"


def main():
    """Do it once and print the figures."""
    how, do, folder, megabytes = sys.argv[1:]
    size = int(megabytes) * 1_000_000 // 8 * 8
    if how.startswith(("ours", "legacy")):
        write, read = through_result(how, folder)
    else:
        write, read = bare(how, os.path.join(folder, how))
    if do == "write":
        forget(os.path.join(folder, how))
    before = resident()
    array = numpy.arange(size // 8, dtype="float64") if do == "write" else None
    clock = time.process_time if os.environ.get("BENCH_CLOCK") == "cpu" else time.perf_counter
    started = clock()
    value = read() if do == "read" else write(array)
    seconds = clock() - started
    memory = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - before) / size
    if do == "read":
        assert value.nbytes == size and value[0] == 0 and value[-1] == size // 8 - 1
    print(json.dumps({"seconds": seconds, "memory": memory}))


def forget(path):
    """Remove what an earlier turn wrote, so that nobody pays for freeing it."""
    for old in (path, os.path.join(path, NAME)):
        if os.path.isfile(old):
            os.unlink(old)


def resident():
    """Bytes of resident memory now."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


def through_result(how, folder):
    """How a LocalResult of either library writes and reads."""
    if how == "legacy":
        from prefect.engine.results import LocalResult

        result = LocalResult(dir=os.path.join(folder, how), location=NAME)
    else:
        from prefect_results.results import LocalResult
        from prefect_results.serializers import PickleSerializer

        serializer = PickleSerializer(out_of_band=True) if how != "ours" else PickleSerializer()
        result = LocalResult(dir=os.path.join(folder, how), location=NAME, serializer=serializer)
    return result.write, lambda: result.read(NAME).value


def bare(how, path):
    """How pickle and NumPy write and read without a library around them."""

    def write(array):
        with open(path, "wb") as file:
            if how == "numpy":
                numpy.save(file, array)
            else:
                pickle.dump(array, file, protocol=5)

    def read():
        with open(path, "rb") as file:
            return numpy.load(file) if how == "numpy" else pickle.load(file)

    return write, read


if __name__ == "__main__":
    main()
