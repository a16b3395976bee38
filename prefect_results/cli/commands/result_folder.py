"""`result list` and `result verify`: the objects below a folder or URL.

What belongs here: their options and output. What does not: which are meant (`cli.selecting`), and
whether they are intact (`cli.housekeeping`).
"""

from __future__ import annotations

import sys
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from prefect_results.cli.options import Command, Settings, of_store, pass_settings, shared
from prefect_results.cli.output import note, print_json, print_table, progress, size_of
from prefect_results.cli.selecting import choose, references_of, row, selecting, summed

if TYPE_CHECKING:
    from prefect_results.cli.housekeeping import Verdict


@click.command("list", cls=Command)
@click.argument("prefix")
@selecting
@of_store
@shared
@pass_settings
def list_(
    settings: Settings, prefix: str, older_than: timedelta | None, expired: bool, unreferenced: bool
) -> None:
    """List the objects below PREFIX, a folder or the URL of a storage."""
    from prefect_results.cli.housekeeping import Selection
    from prefect_results.cli.places import open_folder

    folder = open_folder(prefix)
    selection = Selection(older_than=older_than, expired=expired, unreferenced=unreferenced)
    references = references_of(settings, folder, needed=True) if unreferenced else None
    infos = choose(folder, selection, references)
    rows = [row(info) for info in infos]
    if settings.as_json:
        print_json(rows)
        return
    if rows:
        shown = [{**row, "size": size_of(row["size"])} for row in rows]
        print_table(shown, {"location": "Location", "size": "Size", "modified": "Modified"})
    note(summed(infos))


@click.command("verify", cls=Command)
@click.argument("prefix")
@of_store
@shared
@pass_settings
def verify(settings: Settings, prefix: str) -> None:
    """Read the objects below PREFIX and check each against its size and digest.

    Digests come from the storage and, if there is one, from the states in the run store; what
    states refer to and is not there is reported, too. Nothing is loaded. The exit code is 1 if
    something is wrong.
    """
    from prefect_results.cli.housekeeping import Selection, missing, verify_all
    from prefect_results.cli.places import open_folder

    folder = open_folder(prefix)
    references = references_of(settings, folder, needed=settings.source is not None)
    infos = choose(folder, Selection(), None)
    with progress("Verifying", len(infos)) as advance:
        verdicts = list(verify_all(folder, infos, references, advance))
    if references is not None:
        seen = {folder.address_of(info.location) for info in infos}
        verdicts += missing(folder, seen, references)
    _tell_verdicts(settings, verdicts)
    if any(verdict.is_bad for verdict in verdicts):
        sys.exit(1)


def _tell_verdicts(settings: Settings, verdicts: list[Verdict]) -> None:
    rows = [
        {"location": v.location, "status": v.status, "size": v.size, "reason": v.reason}
        for v in verdicts
    ]
    if settings.as_json:
        print_json(rows)
        return
    if rows:
        print_table(rows, {"status": "Status", "location": "Location", "reason": "Reason"})
    counts: dict[str, int] = {}
    for verdict in verdicts:
        counts[verdict.status] = counts.get(verdict.status, 0) + 1
    note(", ".join(f"{count} {status}" for status, count in counts.items()) or "0 objects")
