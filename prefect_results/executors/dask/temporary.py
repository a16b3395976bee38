"""Clusters that are made for one flow run; and `distributed`, imported on first use."""

from __future__ import annotations

import importlib
from functools import partial
from typing import TYPE_CHECKING, Any

from prefect_results.exceptions import ClusterUnavailable, MissingExtra

if TYPE_CHECKING:
    import logging
    from collections.abc import Mapping

_LOCAL = "distributed.deploy.local.LocalCluster"


def distributed() -> Any:
    """The package.

    Raises:
        MissingExtra: if it is not installed.
    """
    try:
        return importlib.import_module("distributed")
    except ImportError as exc:
        raise MissingExtra(package="distributed", extra="dask") from exc


def imported(name: Any) -> Any:
    """The object that a dotted name stands for; anything else stands for itself."""
    if not isinstance(name, str):
        return name
    distributed()
    module, _, attribute = name.rpartition(".")
    return getattr(importlib.import_module(module), attribute)


def is_local(make: Any) -> bool:
    """Whether a cluster class is Dask's `LocalCluster`."""
    return _name(make) == _LOCAL


def new_cluster(
    make: Any,
    kwargs: Mapping[str, Any],
    adapt_kwargs: Mapping[str, Any],
    logger: logging.Logger,
) -> Any:
    """Make a cluster.

    Args:
        make: the class.
        kwargs: its arguments.
        adapt_kwargs: of its `adapt` method; not called without any.
        logger: hears of it.

    Raises:
        ClusterUnavailable: if the processes of a local one do not start.
    """
    kwargs = dict(kwargs)
    local = is_local(make)
    if local and kwargs.setdefault("dashboard_address", None) is None:
        # The scheduler listens all the same; a port of its own for each of several runs.
        kwargs.setdefault("scheduler_kwargs", {"dashboard_address": ":0"})
    logger.info("Creating a new Dask cluster with `%s`...", _name(make))
    try:
        cluster = make(**kwargs)
    except RuntimeError as exc:
        if not local:
            raise
        raise ClusterUnavailable(
            f"The processes of a Dask cluster did not start: {exc} They import the script that "
            "they are started from, so what runs the flow belongs under "
            "`if __name__ == '__main__':`"
        ) from exc
    if local:
        _keep_workers(cluster)
    if getattr(cluster, "dashboard_link", None) and kwargs.get("dashboard_address", True):
        logger.info("The Dask dashboard is available at %s", cluster.dashboard_link)
    if adapt_kwargs:
        cluster.adapt(**adapt_kwargs)
    return cluster


def _keep_workers(cluster: Any) -> None:
    """Leave workers that die to their nannies, which start them again.

    The cluster would close a nanny for good if its worker, 15 s after it died, is dead once more.
    """
    base = importlib.import_module("distributed.deploy.cluster").Cluster
    heard = getattr(base, "_update_worker_status", None)
    if heard is not None:
        cluster._update_worker_status = partial(heard, cluster)


def _name(make: Any) -> str:
    return f"{getattr(make, '__module__', '')}.{getattr(make, '__qualname__', make)}"
