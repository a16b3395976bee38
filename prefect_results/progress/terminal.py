"""Progress as a table at the bottom of a terminal; log lines go above it."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING, Any

from prefect_results.exceptions import MissingExtra
from prefect_results.log_lines import StdoutHandler
from prefect_results.logging import get_logger
from prefect_results.progress.lines import duration, fraction

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prefect_results.progress.counts import Counts, TaskCount

# How many tasks are shown at most; the others are counted together.
ROWS = 12
# Columns of a terminal below which only what matters most is shown, in full.
NARROW = 60


class Above:
    """A stream whose lines are printed above the table.

    Args:
        console: of rich.
        stream: the stream in whose place it is.
    """

    def __init__(self, console: Any, stream: Any) -> None:
        self._console = console
        self._stream = stream
        self._begun = ""

    def write(self, text: str) -> int:
        """Print each line that is complete."""
        *lines, self._begun = (self._begun + text).split("\n")
        for line in lines:
            self._console.out(line, highlight=False)
        return len(text)

    def flush(self) -> None:
        """Nothing waits but a line that is not complete."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class Terminal:
    """Draws the table again and again.

    Args:
        counts: of the flow run.
        console: of rich; stderr's by default.

    Raises:
        MissingExtra: if rich is not installed.
    """

    def __init__(self, counts: Counts, console: Any = None) -> None:
        try:
            from rich.console import Console
            from rich.live import Live
        except ImportError as exc:
            raise MissingExtra(package="rich", extra="cli") from exc
        self._counts = counts
        self._console = console or Console(stderr=True)
        self._live = Live(
            console=self._console,
            auto_refresh=False,
            transient=False,
            get_renderable=self.table,
            redirect_stdout=sys.stdout.isatty(),
        )
        self._logs = contextlib.ExitStack()

    def start(self) -> None:
        """Show the table, and send log lines above it."""
        self._live.start()
        self._logs.enter_context(logs_above(self._console))

    def update(self) -> None:
        """Draw the table as it is now."""
        self._live.refresh()

    def stop(self) -> None:
        """Leave the table as it is at the end."""
        self._logs.close()
        self._live.stop()

    def table(self) -> Any:
        """The table: a row for each task that is under way or failed, and for the last ones."""
        from rich.progress_bar import ProgressBar
        from rich.table import Table

        wide = self._console.width >= NARROW
        table = Table(box=None, pad_edge=False)
        table.add_column("Task", no_wrap=True, overflow="ellipsis")
        if wide:
            table.add_column("")
        for title in ("Done", "Running", "Failed", "Elapsed", "Left"):
            if wide or title in ("Done", "Failed", "Left"):
                table.add_column(title, justify="right", no_wrap=True)
        rows, others = self._rows()
        for task in rows:
            left = task.left()
            done, running = fraction(task), f"{task.running:,}"
            failed = f"[red]{task.failed:,}[/red]" if task.failed else "0"
            more = "" if left is None or task.is_over else duration(left)
            if wide:
                bar = ProgressBar(total=task.total or 1, completed=task.finished, width=20)
                elapsed = duration(task.elapsed())
                table.add_row(task.name, bar, done, running, failed, elapsed, more)
            else:
                table.add_row(task.name, done, failed, more)
        if others:
            table.add_row(f"and {others:,} more")
        return table

    def _rows(self) -> tuple[list[TaskCount], int]:
        begun = [task for task in self._counts.tasks.values() if task.has_begun]
        # Those that are worth a look first, then the latest; shown in the flow's order.
        ranked = sorted(
            range(len(begun)), key=lambda n: (begun[n].is_over, not begun[n].failed, -n)
        )
        chosen = sorted(ranked[:ROWS])
        return [begun[number] for number in chosen], len(begun) - len(chosen)


@contextlib.contextmanager
def logs_above(console: Any) -> Iterator[None]:
    """Have the handlers of loggers that print to a terminal print above the console's display."""
    changed: list[tuple[StdoutHandler, Any]] = []
    for handler in get_logger().handlers:
        if isinstance(handler, StdoutHandler) and _is_terminal(handler.stream, console):
            changed.append((handler, handler.stream))
            handler.setStream(Above(console, handler.stream))
    try:
        yield
    finally:
        for handler, stream in changed:
            handler.setStream(stream)


def _is_terminal(stream: Any, console: Any) -> bool:
    return stream is console.file or bool(getattr(stream, "isatty", bool)())
