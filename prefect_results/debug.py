"""Aids for developing a flow: errors that are raised, and a check that an object can travel."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from prefect_results.context import context

_LOAD = "import sys, cloudpickle; cloudpickle.load(open(sys.argv[1], 'rb'))"


@contextmanager
def raise_on_exception() -> Iterator[None]:
    """Make runs inside the block raise the errors of tasks instead of turning them into states."""
    with context(raise_on_exception=True):
        yield


def is_serializable(obj: Any, raise_on_error: bool = False) -> bool:
    """Tell whether an object can be pickled here and loaded by a new interpreter.

    Args:
        obj: The object.
        raise_on_error: Whether to raise what went wrong instead.

    Raises:
        subprocess.CalledProcessError: `raise_on_error` is true and the other interpreter could
            not load it; `output` has its words.
        Exception: `raise_on_error` is true and it could not be pickled.
    """
    import os
    import subprocess
    import sys
    import tempfile

    import cloudpickle

    try:
        data = cloudpickle.dumps(obj)
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "object.pickle")
            with open(path, "wb") as file:
                file.write(data)
            subprocess.run(
                [sys.executable, "-c", _LOAD, path],
                check=True,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
    except Exception:
        if raise_on_error:
            raise
        return False
    return True
