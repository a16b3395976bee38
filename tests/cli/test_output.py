"""How answers look on a terminal."""

from __future__ import annotations

import errno
import sys

import click
import pytest
from click.testing import CliRunner

from prefect_results.cli import output
from prefect_results.cli.options import Command


def test_progress_is_for_terminals(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A bar is shown on a terminal, and nothing elsewhere."""
    with output.progress("Listing", 2) as advance:
        advance(1)
    assert capsys.readouterr().err == ""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with output.progress("Listing", 2) as advance:
        advance(2)
    assert "Listing" in capsys.readouterr().err


def test_tables_on_a_terminal_show_text_as_it_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Names that look like markup are no markup."""
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    output.print_table(
        [{"name": "[red]x[/red]", "state": "Success"}], {"name": "Name", "state": "S"}
    )
    assert "[red]x[/red]" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("count", "text"),
    [(None, "?"), (0, "0 B"), (999, "999 B"), (1500, "1.5 kB"), (10**13, "10.0 TB")],
)
def test_sizes(count: int | None, text: str) -> None:
    """Bytes are told in the largest unit that fits."""
    assert output.size_of(count) == text


def test_output_that_nobody_reads_any_more_is_no_error() -> None:
    """A command whose output is cut off, by `head` say, ends without words."""

    @click.command(cls=Command)
    def cut_off() -> None:
        raise BrokenPipeError(errno.EPIPE, "Broken pipe")

    result = CliRunner().invoke(cut_off)
    assert (result.exit_code, result.output) == (1, "")
