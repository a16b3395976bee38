"""Flows in files: what ``flow.save`` writes and ``Flow.load`` reads."""

from __future__ import annotations

import os
import re
import unicodedata
from typing import TYPE_CHECKING, cast

from prefect_results.context import context
from prefect_results.pickling import dumps

if TYPE_CHECKING:
    from prefect_results.core.flow import Flow


def slugify(text: str) -> str:
    """The part of a file name that stands for ``text``: lower case letters, digits, dashes."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii")
    return re.sub(r"[^a-z0-9]+", "-", plain.lower().replace("'", "")).strip("-")


def default_path(name: str) -> str:
    """Where the flow of this name is saved if nothing else is said."""
    folder = os.path.expanduser(f"{context.config.home_dir}/flows")
    return os.path.join(folder, f"{slugify(name)}.prefect")


def save_flow(flow: Flow, fpath: str | None) -> str:
    """Write a flow with cloudpickle; the path that was written."""
    if fpath is None:
        fpath = default_path(flow.name)
        os.makedirs(os.path.dirname(fpath), exist_ok=True)
    content = dumps(flow, protocol=4)
    with open(fpath, "wb") as file:
        file.write(content)
    return str(fpath)


def load_flow(fpath: str) -> Flow:
    """Read a flow from an absolute path, or by its name from where flows are saved."""
    import cloudpickle

    if not os.path.isabs(fpath):
        fpath = default_path(fpath)
    with open(fpath, "rb") as file:
        return cast("Flow", cloudpickle.load(file))
