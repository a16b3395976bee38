"""How answers look: tables for people, JSON for programs, progress on a terminal.

What belongs here: layout. What does not: what is shown. Rich is imported only for a terminal.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timezone
from typing import IO, Any

import click

Advance = Callable[[int], None]


def print_json(value: Any, to: IO[str] | None = None, *, indent: int | None = 2) -> None:
    """Print a JSON document; moments are in ISO 8601, what JSON does not have is text.

    Args:
        value: The document.
        to: Where to; stdout by default.
        indent: Spaces of a level; None for a single line.
    """
    try:
        text = json.dumps(value, indent=indent, default=_plain, ensure_ascii=False, allow_nan=False)
    except ValueError:
        # Parameters may hold NaN and Infinity, which JSON does not know.
        known = json.loads(json.dumps(value, default=_plain), parse_constant=str)
        text = json.dumps(known, indent=indent, ensure_ascii=False)
    click.echo(text, file=to)


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def print_table(rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str]) -> None:
    """Print rows under headings.

    Args:
        rows: What each row has under each key.
        columns: The headings of the keys that are shown.
    """
    cells = [[shown(row.get(key)) for key in columns] for row in rows]
    if sys.stdout.isatty():
        _print_rich(list(columns.values()), cells)
        return
    lines = [[title.upper() for title in columns.values()], *cells]
    widths = [max(len(line[i]) for line in lines) for i in range(len(columns))]
    for line in lines:
        click.echo("  ".join(c.ljust(w) for c, w in zip(line, widths)).rstrip())


def _print_rich(titles: list[str], cells: list[list[str]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in titles:
        # Ids are there to be copied.
        table.add_column(title, overflow="fold", no_wrap=title == "Id")
    for line in cells:
        # Text, as names and messages may look like markup.
        table.add_row(*(Text(cell, style=_STYLES.get(cell, "")) for cell in line))
    Console().print(table)


_STYLES = {
    **dict.fromkeys(("Success", "Cached", "Mapped", "Skipped", "ok"), "green"),
    **dict.fromkeys(("Failed", "TriggerFailed", "TimedOut", "corrupt", "missing"), "red"),
    **dict.fromkeys(("Running", "Retrying", "Cancelled", "unchecked"), "yellow"),
}


def print_facts(facts: Mapping[str, Any]) -> None:
    """Print names and what they stand for, one on a line; None is left out."""
    told = {name: shown(value) for name, value in facts.items() if value is not None}
    width = max(map(len, told), default=0)
    for name, text in told.items():
        click.echo(f"{click.style(name.ljust(width), bold=True)}  {text}")


def shown(value: Any) -> str:
    """A value as text for people, in one line and without control characters."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(timezone.utc).strftime("%Y-%m-%d %H:%M:%SZ")
    text = value if isinstance(value, str) else json.dumps(value, default=_plain)
    return printable(" ".join(text.split("\n")))


def printable(text: str) -> str:
    """A text whose control characters cannot do anything to a terminal; lines are kept."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in "\n\t" else f"\\x{ord(c):02x}" for c in text)


def size_of(count: int | None) -> str:
    """A number of bytes for people, such as `1.5 MB`."""
    if count is None:
        return "?"
    amount = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000:
            return f"{count} B" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} TB"


def note(text: str) -> None:
    """Tell people something beside the output."""
    click.echo(printable(text), err=True)


@contextmanager
def progress(label: str, total: int | None = None) -> Iterator[Advance]:
    """Show how far something is, if people are looking at a terminal.

    Args:
        label: What is done.
        total: How many steps there are; None if that is not known.

    Yields:
        What to call with the number of steps that were done.
    """
    if not sys.stderr.isatty() or total == 0:
        yield _nothing
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(
        *columns, TimeElapsedColumn(), console=Console(stderr=True), transient=True
    ) as bar:
        task = bar.add_task(label, total=total)
        yield lambda steps: bar.update(task, advance=steps)


def _nothing(steps: int) -> None:
    """Advance nothing: nobody is looking."""
