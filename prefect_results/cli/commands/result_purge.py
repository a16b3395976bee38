"""`result purge`: what is no longer needed is deleted.

What belongs here: its options, its order and its output. What does not: what states refer to
(`cli.references`).
"""

from __future__ import annotations

import sys
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

import click

from prefect_results.cli.options import (
    Age,
    Command,
    Settings,
    existing,
    of_store,
    pass_settings,
    shared,
    sqlite_path,
)
from prefect_results.cli.output import note, print_json, print_table, progress, size_of
from prefect_results.cli.selecting import choose, references_of, selecting, summed

if TYPE_CHECKING:
    from prefect_results.cli.places import Folder
    from prefect_results.filesystems import FileInfo


@click.command("purge", cls=Command)
@click.argument("prefix")
@selecting
@click.option(
    "--grace",
    type=Age(),
    default="1h",
    show_default=True,
    metavar="AGE",
    help="With --unreferenced: spare what is younger, as its state may not be recorded yet.",
)
@click.option("--no-store", is_flag=True, help="Runs are not recorded: there are no states.")
@click.option("--dry-run", is_flag=True, help="Only say what would be deleted.")
@click.option("-y", "--yes", is_flag=True, help="Delete without asking.")
@of_store
@shared
@pass_settings
def purge(
    settings: Settings,
    prefix: str,
    older_than: timedelta | None,
    expired: bool,
    unreferenced: bool,
    grace: timedelta,
    no_store: bool,
    dry_run: bool,
    yes: bool,
) -> None:
    """Delete the objects below PREFIX that are no longer needed.

    What any state in the run store refers to, past states included, is never deleted, whatever the
    other options say. Options that choose objects must all be true of one.
    """
    from prefect_results.cli.housekeeping import Selection, is_kept
    from prefect_results.cli.places import open_folder

    selection = Selection(older_than=older_than, expired=expired, unreferenced=unreferenced)
    if not selection:
        raise click.UsageError("Say what to delete: --older-than, --expired or --unreferenced.")
    if no_store and (unreferenced or settings.source is not None):
        raise click.UsageError("--no-store excludes --unreferenced and --db.")
    if not (dry_run or yes or sys.stdin.isatty()):
        raise click.UsageError("Nobody can be asked here: say --yes or --dry-run.")
    if unreferenced and (older_than is None or older_than < grace):
        selection = Selection(older_than=grace, expired=expired, unreferenced=True)
    folder = open_folder(prefix)
    _refuse_home(settings, folder)
    infos = choose(folder, Selection(older_than=selection.older_than, expired=expired), None)
    # States are read after the listing: one that is recorded meanwhile is seen.
    start = datetime.now(timezone.utc)
    references = None if no_store else references_of(settings, folder, needed=True)
    chosen = infos
    if references is not None:
        chosen = [info for info in infos if not is_kept(folder, info, references)]
    kept = len(infos) - len(chosen)
    if dry_run:
        _tell_purged(settings, folder, chosen, kept, [], dry_run=True)
        return
    if chosen and not yes:
        click.confirm(f"Delete {summed(chosen)} below {prefix}?", abort=True, err=True)
    if references is not None:
        early = start - timedelta(minutes=10)
        references_of(settings, folder, needed=True, since=early, into=references)
        chosen = [info for info in chosen if not is_kept(folder, info, references)]
        kept = len(infos) - len(chosen)
    deleted, failed = _delete(folder, chosen)
    _tell_purged(settings, folder, deleted, kept, failed, dry_run=False)
    if failed:
        sys.exit(1)


def _delete(folder: Folder, infos: list[FileInfo]) -> tuple[list[FileInfo], list[str]]:
    from prefect_results.cli.housekeeping import delete
    from prefect_results.exceptions import StorageError

    deleted, failed = [], []
    with progress("Deleting", len(infos)) as advance:
        for info in infos:
            try:
                if delete(folder, info):
                    deleted.append(info)
            except StorageError as exc:
                failed.append(f"{info.location}: {' '.join(str(exc).split())}")
            advance(1)
    return deleted, failed


def _refuse_home(settings: Settings, folder: Folder) -> None:
    """Refuse a folder that holds more than results: the run store, or the home folder."""
    from prefect_results.backend.access.opening import configured_url
    from prefect_results.cli.places import address
    from prefect_results.configuration import config

    paths = [existing(config.home_dir), sqlite_path(settings.source or configured_url())]
    for path in paths:
        if path is not None and f"{address(str(path))}/".startswith(
            folder.address_of(folder.prefix) if folder.prefix else f"{folder.address}/"
        ):
            raise click.UsageError(
                f"{path} is there too, which is no result: name the folder of the results itself."
            )


def _tell_purged(
    settings: Settings,
    folder: Folder,
    infos: list[FileInfo],
    kept: int,
    failed: list[str],
    dry_run: bool,
) -> None:
    if settings.as_json:
        print_json(
            {
                "dry_run": dry_run,
                "deleted": [info.location for info in infos],
                "bytes": sum(info.size or 0 for info in infos),
                "kept_referenced": kept,
                "failed": failed,
            }
        )
        return
    if dry_run and infos:
        rows = [{"location": i.location, "size": size_of(i.size)} for i in infos]
        print_table(rows, {"location": "Location", "size": "Size"})
    for line in failed:
        note(f"Not deleted: {line}")
    words = "Would delete" if dry_run else "Deleted"
    note(f"{words} {summed(infos)}. Kept {kept} that states refer to.")
