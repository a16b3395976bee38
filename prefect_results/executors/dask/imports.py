"""Modules that a dask.distributed cluster was to import and cannot."""

from __future__ import annotations

from prefect_results.exceptions import ClusterUnavailable

_OWN = __name__.partition(".")[0]


def explained(exc: Exception, address: str) -> Exception | None:
    """What to say of a call that failed because a module is missing on the cluster.

    Args:
        exc: how the call failed.
        address: of the scheduler.

    Returns:
        `ClusterUnavailable` if it is this library that is missing, as nothing can run then; an
        `ImportError` that says where it is missing if it is another module; else None.
    """
    cause = exc if isinstance(exc, ImportError) else exc.__cause__
    if not isinstance(cause, ImportError):
        return None
    if str(cause.name).partition(".")[0] == _OWN:
        return ClusterUnavailable(
            f"The Dask cluster at {address} cannot import {_OWN} ({cause}): its scheduler and its "
            "workers need the version of this process"
        )
    return type(cause)(
        f"{cause}, says a worker of the Dask cluster at {address}, which needs what the flow "
        "imports; install it there, or have it sent with "
        "`cloudpickle.register_pickle_by_value(module)`",
        name=cause.name,
    )
