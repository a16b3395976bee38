"""`result purge`: what is no longer needed is deleted.

What belongs here: its options, its order and its output. What does not: what states refer to
(`cli.references`).
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from functools import partial
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
    from prefect_results.cli.references import References
    from prefect_results.filesystems import FileInfo
    from prefect_results.filesystems.leftovers import Leftover

_DAY = timedelta(days=1)


@click.command("purge", cls=Command)
@click.argument("prefix")
@selecting
@click.option(
    "--grace",
    type=Age(),
    default="1h",
    show_default=True,
    metavar="AGE",
    help="Spare what is younger, as its state may not be recorded yet.",
)
@click.option(
    "--interrupted",
    is_flag=True,
    help="Only what interrupted writes left a day ago or longer: temporary files, unfinished "
    "uploads.",
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
    interrupted: bool,
    no_store: bool,
    dry_run: bool,
    yes: bool,
) -> None:
    """Delete the objects below PREFIX that are no longer needed.

    What any state in the run store refers to, past states included, is never deleted, whatever the
    other options say. Options that choose objects must all be true of one. What writes left that
    were interrupted a day ago or longer is deleted in any case.
    """
    from prefect_results.cli.housekeeping import Selection
    from prefect_results.cli.housekeeping import interrupted as left_over
    from prefect_results.cli.places import open_folder

    selection = Selection(older_than=older_than, expired=expired, unreferenced=unreferenced)
    if bool(selection) == interrupted:
        raise click.UsageError(
            "Say what to delete: --older-than, --expired or --unreferenced; or --interrupted alone."
        )
    if no_store and (unreferenced or settings.source is not None):
        raise click.UsageError("--no-store excludes --unreferenced and --db.")
    if not (dry_run or yes or sys.stdin.isatty()):
        raise click.UsageError("Nobody can be asked here: say --yes or --dry-run.")
    if not no_store and (unreferenced or older_than is not None):
        older_than = max(older_than or grace, grace)
    folder = open_folder(prefix)
    _refuse_home(settings, folder)
    start = datetime.now(timezone.utc)
    told = Purged(dry_run, left=left_over(folder, max(older_than or _DAY, _DAY), start))
    infos, references = [], None
    if selection:
        infos = choose(folder, Selection(older_than=older_than, expired=expired), None)
        # States are read after the listing: one that is recorded meanwhile is seen.
        start = datetime.now(timezone.utc)
        references = None if no_store else references_of(settings, folder, needed=True)
    chosen = _unkept(folder, infos, references)
    if dry_run:
        told.deleted = chosen
    elif (chosen or told.left) and not yes:
        what = f"{summed(chosen)} and {len(told.left)} interrupted writes"
        click.confirm(f"Delete {what} below {prefix}?", abort=True, err=True)
    if not dry_run:
        if references is not None:
            early = start - timedelta(minutes=10)
            references_of(settings, folder, needed=True, since=early, into=references)
            chosen = _unkept(folder, chosen, references)
        _delete(folder, chosen, told)
    told.kept = len(infos) - len(chosen)
    _tell(settings, told)
    if told.failed:
        sys.exit(1)


class Purged:
    """What a purge did, or would do.

    Args:
        dry_run: Whether nothing is deleted.
        left: What interrupted writes left.
    """

    def __init__(self, dry_run: bool, left: list[Leftover]) -> None:
        self.dry_run = dry_run
        self.left = left
        self.deleted: list[FileInfo] = []
        self.kept = 0
        self.failed: list[str] = []


def _unkept(folder: Folder, infos: list[FileInfo], references: References | None) -> list[FileInfo]:
    from prefect_results.cli.housekeeping import is_kept

    if references is None:
        return infos
    return [info for info in infos if not is_kept(folder, info, references)]


def _delete(folder: Folder, infos: list[FileInfo], told: Purged) -> None:
    from prefect_results.cli.housekeeping import delete
    from prefect_results.exceptions import StorageError

    def attempt(location: str, action: Callable[[], object]) -> bool:
        try:
            return action() is not False
        except StorageError as exc:
            told.failed.append(f"{location}: {' '.join(str(exc).split())}")
            return False

    with progress("Deleting", len(infos) + len(told.left)) as advance:
        for info in infos:
            if attempt(info.location, partial(delete, folder, info)):
                told.deleted.append(info)
            advance(1)
        removed = []
        for one in told.left:
            if attempt(one.location, one.remove):
                removed.append(one)
            advance(1)
    told.left = removed


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


def _tell(settings: Settings, told: Purged) -> None:
    if settings.as_json:
        print_json(
            {
                "dry_run": told.dry_run,
                "deleted": [info.location for info in told.deleted],
                "bytes": sum(info.size or 0 for info in told.deleted),
                "kept_referenced": told.kept,
                "interrupted": [one.location for one in told.left],
                "failed": told.failed,
            }
        )
        return
    if told.dry_run:
        rows = [{"location": i.location, "size": size_of(i.size)} for i in told.deleted]
        rows += [{"location": i.location, "size": size_of(i.size)} for i in told.left]
        if rows:
            print_table(rows, {"location": "Location", "size": "Size"})
    for line in told.failed:
        note(f"Not deleted: {line}")
    words = "Would delete" if told.dry_run else "Deleted"
    left = f", and {len(told.left)} that interrupted writes left" if told.left else ""
    note(f"{words} {summed(told.deleted)}{left}. Kept {told.kept} that states refer to.")
