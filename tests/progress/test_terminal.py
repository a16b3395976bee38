"""The table at the bottom of a terminal, and the log above it."""

from __future__ import annotations

import io
import sys
from typing import Any

import pytest

from prefect_results.exceptions import MissingExtra
from prefect_results.log_lines import StdoutHandler
from prefect_results.logging import get_logger
from prefect_results.progress import Counts
from prefect_results.progress.terminal import ROWS, Terminal


@pytest.fixture
def console() -> Any:
    rich = pytest.importorskip("rich.console")
    return rich.Console(force_terminal=True, file=io.StringIO(), width=90, height=40)


def text_of(console: Any, counts: Counts) -> str:
    """The table as text."""
    with console.capture() as captured:
        console.print(Terminal(counts, console).table(), no_wrap=True)
    return captured.get()


def test_a_row_for_each_task_that_has_begun(console: Any) -> None:
    """Counts, failures, the time so far and about how much more."""
    now = [0.0]
    counts = Counts({"a-1": "extract", "b-1": "later"}, clock=lambda: now[0])
    counts.expect("a-1", 1000)
    counts.hand_over("a-1", 1000)
    now[0] = 30
    counts.count("a-1", 240, 10)
    text = text_of(console, counts)
    assert "later" not in text
    for word in ("extract", "250/1,000", "750", "10", "30 s", "1:30"):
        assert word in text


def test_a_narrow_terminal_shows_numbers_in_full() -> None:
    """It has fewer columns instead of cut ones."""
    rich = pytest.importorskip("rich.console")
    console = rich.Console(force_terminal=True, file=io.StringIO(), width=40, height=24)
    counts = Counts({"a-1": "extract"})
    counts.expect("a-1", 10_000)
    counts.hand_over("a-1", 10_000)
    counts.count("a-1", 9_000, 10)
    text = text_of(console, counts)
    assert "9,010/10,000" in text and "Left" in text and "…" not in text
    assert "Elapsed" not in text


def test_of_many_tasks_those_worth_a_look_are_shown(console: Any) -> None:
    """Tasks under way come first, then failed ones; the others are counted."""
    counts = Counts({f"t{n}-1": f"t{n}." for n in range(40)})
    for n in range(40):
        counts.hand_over(f"t{n}-1", 1)
        if n != 5:
            counts.count(f"t{n}-1", int(n != 7), int(n == 7))
    text = text_of(console, counts)
    assert "t5." in text and "t7." in text and "t39." in text and "t0." not in text
    assert f"and {40 - ROWS} more" in text


def test_log_lines_go_above_the_table(console: Any) -> None:
    """While the table is shown, a line of the log is printed whole above it; later as before."""
    counts = Counts({"a-1": "extract"})
    counts.hand_over("a-1", 1)
    (handler,) = [h for h in get_logger().handlers if isinstance(h, StdoutHandler)]
    before = handler.stream
    handler.stream = console.file
    try:
        terminal = Terminal(counts, console)
        terminal.start()
        get_logger("test").warning("a line [of] the log " + "x" * 100)
        terminal.update()
        terminal.stop()
        assert handler.stream is console.file
    finally:
        handler.stream = before
    written = console.file.getvalue()
    assert "a line [of] the log " + "x" * 100 + "\n" in written
    assert written.index("a line") < written.rindex("extract")


def test_a_log_that_goes_to_a_file_stays_there(console: Any) -> None:
    """What does not go to the terminal is left alone."""
    (handler,) = [h for h in get_logger().handlers if isinstance(h, StdoutHandler)]
    before, handler.stream = handler.stream, io.StringIO()
    try:
        terminal = Terminal(Counts({}), console)
        terminal.start()
        get_logger("test").warning("kept")
        terminal.stop()
        assert "kept" in handler.stream.getvalue()
    finally:
        handler.stream = before
    assert "kept" not in console.file.getvalue()


def test_without_rich_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The table needs rich, and says how to get it."""
    monkeypatch.setitem(sys.modules, "rich.console", None)
    with pytest.raises(MissingExtra, match=r"prefect_results\[cli\]"):
        Terminal(Counts({}))
