"""The reference of all commands as Markdown, made of the commands themselves.

What belongs here: its layout. `python -m prefect_results.cli.manual docs/cli.md` puts it at the
end of a page, below the heading `## Commands`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from prefect_results.cli.app import app

HEADING = "## Commands\n"
NAME = "prefect-results"


def commands(
    group: click.Group = app, words: tuple[str, ...] = (NAME,)
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Return each command that is no group, with the words that call it."""
    context = click.Context(group)
    for name in group.list_commands(context):
        found = group.get_command(context, name)
        if isinstance(found, click.Group):
            yield from commands(found, (*words, name))
        elif found is not None:
            yield (*words, name), found


def manual() -> str:
    """Return the reference, from its heading on."""
    return HEADING + "".join(_section(words, command) for words, command in commands())


def _section(words: tuple[str, ...], command: click.Command) -> str:
    arguments = [p for p in command.params if isinstance(p, click.Argument)]
    usage = " ".join([*words, "[OPTIONS]", *map(_argument, arguments)])
    lines = [f"\n### `{' '.join(words[1:])}`\n", f"```text\n{usage}\n```\n"]
    paragraphs = (command.help or "").split("\n\n")
    lines += [" ".join(text.split()) + "\n" for text in paragraphs]
    lines.append("| Option | |\n| --- | --- |")
    options = [p for p in command.params if isinstance(p, click.Option)]
    lines += [f"| `{_cell(_names(one))}` | {_cell(_help(one))} |" for one in options]
    return "\n".join(lines) + "\n"


def _argument(argument: click.Argument) -> str:
    name = argument.metavar or (argument.name or "").upper()
    return name if argument.required else f"[{name}]"


def _names(option: click.Option) -> str:
    names = ", ".join(option.opts)
    if option.secondary_opts:
        return f"{names} / {', '.join(option.secondary_opts)}"
    if option.is_flag:
        return names
    if isinstance(option.type, click.Choice):
        return f"{names} {'|'.join(map(str, option.type.choices))}"
    kind = "INTEGER" if "integer" in option.type.name else option.type.name.upper()
    return f"{names} {option.metavar or kind}"


def _help(option: click.Option) -> str:
    text = option.help or ""
    if option.show_default:
        text += f" Default: `{option.default}`."
    if option.show_envvar:
        text += f" Environment variable: `{option.envvar}`."
    return text


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def main(path: str) -> None:
    """Put the reference at the end of a page.

    Args:
        path: The page, which has the heading.
    """
    page = Path(path)
    page.write_text(page.read_text().partition(HEADING)[0] + manual())


if __name__ == "__main__":
    main(sys.argv[1])
