"""`result show` and `result export`: one stored result, looked at without loading it.

What belongs here: their options and output. What does not: finding it (`cli.objects`).
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar

import click

from prefect_results.cli.options import Command, Settings, existing, of_runs, pass_settings, shared
from prefect_results.cli.output import note, print_facts, print_json, size_of
from prefect_results.cli.values import is_json, print_value

if TYPE_CHECKING:
    from prefect_results.cli.objects import Stored

F = TypeVar("F", bound=Callable[..., Any])

_WARNING = "Loading runs code of whoever could write this data."


def _named(function: F) -> F:
    index = click.option(
        "--map-index", type=click.IntRange(0), help="Which child of a mapped task, from 0."
    )
    slug = click.argument("slug", required=False)
    return click.argument("target", metavar="LOCATION|TASK_RUN_ID|FLOW_RUN_ID")(
        slug(index(function))
    )


@click.command("show", cls=Command)
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


@click.command("export", cls=Command)
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
