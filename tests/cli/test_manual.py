"""The page of the command line has every command, and every command says what it does."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from prefect_results.cli.manual import HEADING, commands, main, manual

PAGE = Path(__file__).parents[2] / "docs" / "cli.md"
COMMANDS = {" ".join(words[1:]): command for words, command in commands()}


def test_the_page_is_up_to_date(tmp_path: Path) -> None:
    """`python -m prefect_results.cli.manual docs/cli.md` would change nothing."""
    copy = tmp_path / "cli.md"
    copy.write_text(PAGE.read_text())
    main(str(copy))
    assert copy.read_text() == PAGE.read_text()
    assert PAGE.read_text().count(HEADING) == 1


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_is_documented(name: str) -> None:
    """It has a section, help, help for each option, `--json` and `--debug`."""
    command = COMMANDS[name]
    assert f"### `{name}`" in manual()
    assert command.help
    options = [param for param in command.params if isinstance(param, click.Option)]
    assert all(option.help for option in options)
    assert {"--json", "--debug"} <= {flag for option in options for flag in option.opts}
