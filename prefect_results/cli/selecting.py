"""Options that choose stored objects, and what they choose.

What belongs here: what commands over many objects share. What does not: the decision about one
(`housekeeping`), and what states refer to (`references`).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, TypeVar

import click

from prefect_results.cli.options import Age, Settings, sqlite_path
from prefect_results.cli.output import progress, size_of

if TYPE_CHECKING:
    from prefect_results.cli.housekeeping import Selection
    from prefect_results.cli.places import Folder
    from prefect_results.cli.references import References
    from prefect_results.filesystems import FileInfo

F = TypeVar("F", bound=Callable[..., Any])


def selecting(function: F) -> F:
    """Add the options that choose objects."""
    unreferenced = "Only what no state in the run store refers to."
    expired = "Only records that say they have expired (Prefect 3)."
    older = "Only what was written longer ago than this, such as 30d."
    function = click.option("--unreferenced", is_flag=True, help=unreferenced)(function)
    function = click.option("--expired", is_flag=True, help=expired)(function)
    return click.option("--older-than", type=Age(), metavar="AGE", help=older)(function)


def choose(folder: Folder, selection: Selection, references: References | None) -> list[FileInfo]:
    """Return the objects below a folder that are meant, while a bar shows how many were seen."""
    from prefect_results.cli.housekeeping import select

    with progress("Listing") as advance:
        now = datetime.now(timezone.utc)
        return list(select(folder, selection, references, now, advance))


def row(info: FileInfo) -> dict[str, Any]:
    """Return what is known about an object, for a table or JSON."""
    modified = info.modified
    return {
        "location": info.location,
        "size": info.size,
        "modified": None if modified is None else datetime.fromtimestamp(modified, timezone.utc),
        "digest": info.digest,
    }


def summed(infos: list[FileInfo]) -> str:
    """Return how many objects there are, and how large they are together."""
    size = sum(info.size or 0 for info in infos)
    return f"{len(infos)} object{'' if len(infos) == 1 else 's'}, {size_of(size)}"


def references_of(
    settings: Settings,
    folder: Folder,
    needed: bool,
    since: datetime | None = None,
    into: References | None = None,
) -> References | None:
    """What the states of the run store refer to; None if there is no store and none is needed."""
    from prefect_results.backend.access.opening import configured_url
    from prefect_results.cli.references import read_references

    if settings.source is None:
        path = sqlite_path(configured_url())
        if path is not None and not path.exists():
            if not needed:
                return None
            raise click.ClickException(
                f"There is no run store at {path} that says what is still needed: name it with "
                "--db."
            )
    store = settings.store()
    with progress("Reading states") as advance:
        return read_references(store, folder, advance, since, into)
