"""Flows out of the files that people write them in.

What belongs here: loading one, ours or of the legacy release. What does not: flows that are
registered (`backend.loading`).
"""

from __future__ import annotations

import os
import runpy
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from prefect_results.core import Flow


def load_flow(path: str, name: str | None, debug: bool = False) -> Flow:
    """Return a flow of a file; what it does when it is loaded is done, but it runs no flow.

    Args:
        path: The file. If it imports `prefect`, this library serves that name.
        name: The flow's name; not needed if there is one flow.
        debug: Whether errors of the file are raised as they are.

    Raises:
        click.ClickException: The file fails, or has no such flow.
    """
    flows = _flows_of(path, debug)
    names = ", ".join(repr(flow.name) for flow in flows)
    if not flows:
        raise click.ClickException(f"There is no flow among the names of {path}.")
    if name is None:
        if len(flows) > 1:
            raise click.UsageError(f"{path} has several flows: choose one with --flow of {names}.")
        return flows[0]
    found = [flow for flow in flows if flow.name == name]
    if not found:
        raise click.ClickException(f"There is no flow {name!r} in {path}; it has {names}.")
    if len(found) > 1:
        raise click.ClickException(f"There are {len(found)} flows named {name!r} in {path}.")
    return found[0]


def _flows_of(path: str, debug: bool) -> list[Flow]:
    from prefect_results import Flow, context
    from prefect_results.legacy_names import imports_prefect, serve_legacy_names

    try:
        if imports_prefect(Path(path).read_bytes()):
            serve_legacy_names()
        folder = os.path.dirname(os.path.abspath(path))
        if folder not in sys.path:
            sys.path.insert(0, folder)
        with context(loading_flow=True), warnings.catch_warnings():
            # Files that also run their flow when they are scripts need not be changed.
            warnings.filterwarnings("ignore", r"`flow.run\(\)` does nothing")
            names = runpy.run_path(path, run_name="<flow>")
    except (Exception, SystemExit) as exc:
        if debug:
            raise
        kind, text = type(exc).__name__, " ".join(str(exc).split())
        raise click.ClickException(f"{path} cannot be loaded: {kind}: {text}") from exc
    found = (value for value in names.values() if isinstance(value, Flow))
    return list({id(flow): flow for flow in found}.values())
