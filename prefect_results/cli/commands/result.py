"""`prefect-results result`: stored results, looked at without loading them, and looked after."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import sys
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar

import click

from prefect_results.cli.options import (
    Age,
    Group,
    Settings,
    existing,
    of_runs,
    of_store,
    pass_settings,
    shared,
    sqlite_path,
)
from prefect_results.cli.output import (
    note,
    print_facts,
    print_json,
    print_table,
    progress,
    size_of,
)
from prefect_results.cli.values import is_json, print_value

if TYPE_CHECKING:
    from prefect_results.cli.housekeeping import Selection, Verdict
    from prefect_results.cli.objects import Stored
    from prefect_results.cli.places import Folder
    from prefect_results.cli.references import References
    from prefect_results.filesystems import FileInfo

F = TypeVar("F", bound=Callable[..., Any])

_WARNING = "Loading runs code of whoever could write this data."


@click.group(cls=Group, name="result")
def command() -> None:
    """Look at stored results, check them, and delete those that are no longer needed."""


def _named(function: F) -> F:
    index = click.option(
        "--map-index", type=click.IntRange(0), help="Which child of a mapped task, from 0."
    )
    slug = click.argument("slug", required=False)
    return click.argument("target", metavar="LOCATION|TASK_RUN_ID|FLOW_RUN_ID")(
        slug(index(function))
    )


@command.command("show")
@_named
@click.option("--load", is_flag=True, help="Also load the value and print it; runs its code.")
@of_runs
@shared
@pass_settings
def show(
    settings: Settings, target: str, slug: str | None, map_index: int | None, load: bool
) -> None:
    """Show what a stored result is, without loading it.

    It is named by its path or URL, by the id of a task run, or by FLOW_RUN_ID SLUG.
    """
    from prefect_results.cli.objects import find

    stored = find(settings, target, slug, map_index)
    facts = stored.facts()
    if load:
        note(_WARNING)
        print_value(settings, stored.load(), facts)
        return
    if settings.as_json:
        print_json(facts)
        return
    print_facts(
        {
            "Task run": facts["task_run_id"],
            "Result": facts["result_type"],
            "Location": facts["location"],
            "Storage": facts["storage"],
            "Size": size_of(facts["size"]),
            "Modified": facts["modified"],
            "Kind": facts["kind"],
            "Serializer": facts["serializer"],
            "Digest": facts["digest"] or "not known",
        }
    )


@command.command("export")
@_named
@click.option("--to", required=True, metavar="FILE", help="File to write; - is standard output.")
@click.option("--load", is_flag=True, help="Load the value and write it as JSON; runs its code.")
@click.option("--force", is_flag=True, help="Replace a file that is there.")
@of_runs
@shared
@pass_settings
def export(
    settings: Settings,
    target: str,
    slug: str | None,
    map_index: int | None,
    to: str,
    load: bool,
    force: bool,
) -> None:
    """Copy the data of a stored result to a file, as it is, without loading it."""
    from prefect_results.cli.objects import find

    stored = find(settings, target, slug, map_index)
    if load:
        note(_WARNING)
    size = _export(stored, to, load, force)
    if to == "-":
        return
    if settings.as_json:
        print_json({"file": existing(to), "size": size})
    else:
        note(f"{to}: {size_of(size)}")


def _export(stored: Stored, to: str, load: bool, force: bool) -> int:
    if to != "-" and not force and os.path.exists(to):
        raise click.ClickException(f"{to} is there already; --force replaces it.")
    if load:
        value = stored.load()
        if not is_json(value):
            raise click.ClickException(f"A {type(value).__qualname__} cannot be written as JSON.")
        source: BinaryIO = io.BytesIO(json.dumps(value).encode() + b"\n")
    else:
        source = stored.open()
    with source:
        if to == "-":
            shutil.copyfileobj(source, sys.stdout.buffer, 1 << 20)
            return 0
        # Nobody shall find half a file.
        part = f"{to}.{os.getpid()}.part"
        try:
            with open(part, "xb") as file:
                shutil.copyfileobj(source, file, 1 << 20)
                size = file.tell()
            os.replace(part, to)
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(part)
            raise
    return size


def _selecting(function: F) -> F:
    """Add the options that choose objects."""
    unreferenced = "Only what no state in the run store refers to."
    expired = "Only records that say they have expired (Prefect 3)."
    older = "Only what was written longer ago than this, such as 30d."
    function = click.option("--unreferenced", is_flag=True, help=unreferenced)(function)
    function = click.option("--expired", is_flag=True, help=expired)(function)
    return click.option("--older-than", type=Age(), metavar="AGE", help=older)(function)


@command.command("list")
@click.argument("prefix")
@_selecting
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
    references = _references(settings, folder, needed=True) if unreferenced else None
    infos = _select(folder, selection, references)
    rows = [_row(info) for info in infos]
    if settings.as_json:
        print_json(rows)
        return
    if rows:
        shown = [{**row, "size": size_of(row["size"])} for row in rows]
        print_table(shown, {"location": "Location", "size": "Size", "modified": "Modified"})
    note(_summed(infos))


def _select(folder: Folder, selection: Selection, references: References | None) -> list[FileInfo]:
    from prefect_results.cli.housekeeping import select

    with progress("Listing") as advance:
        now = datetime.now(timezone.utc)
        return list(select(folder, selection, references, now, advance))


def _row(info: FileInfo) -> dict[str, Any]:
    modified = info.modified
    return {
        "location": info.location,
        "size": info.size,
        "modified": None if modified is None else datetime.fromtimestamp(modified, timezone.utc),
        "digest": info.digest,
    }


def _summed(infos: list[FileInfo]) -> str:
    size = sum(info.size or 0 for info in infos)
    return f"{len(infos)} object{'' if len(infos) == 1 else 's'}, {size_of(size)}"


def _references(
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


@command.command("verify")
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
    references = _references(settings, folder, needed=settings.source is not None)
    infos = _select(folder, Selection(), None)
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


@command.command("purge")
@click.argument("prefix")
@_selecting
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
    infos = _select(folder, Selection(older_than=selection.older_than, expired=expired), None)
    # States are read after the listing: one that is recorded meanwhile is seen.
    start = datetime.now(timezone.utc)
    references = None if no_store else _references(settings, folder, needed=True)
    chosen = infos
    if references is not None:
        chosen = [info for info in infos if not is_kept(folder, info, references)]
    kept = len(infos) - len(chosen)
    if dry_run:
        _tell_purged(settings, folder, chosen, kept, [], dry_run=True)
        return
    if chosen and not yes:
        click.confirm(f"Delete {_summed(chosen)} below {prefix}?", abort=True, err=True)
    if references is not None:
        early = start - timedelta(minutes=10)
        _references(settings, folder, needed=True, since=early, into=references)
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
    note(f"{words} {_summed(infos)}. Kept {kept} that states refer to.")
