"""The root of the commands.

What belongs here: which groups there are. What does not: what they do; each has a module, which is
imported when it is used.
"""

from __future__ import annotations

from importlib import import_module

import click

from prefect_results.version import __version__

_MODULES = {
    "run": "run",
    "server": "server",
    "agent": "agent",
    "flow-run": "flow_run",
    "task-run": "task_run",
    "result": "result",
    "kv": "kv",
    "config": "config",
}


class _Lazy(click.Group):
    """A group whose commands are imported when they are used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_MODULES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        module = _MODULES.get(cmd_name)
        if module is None:
            return None
        found = import_module(f"prefect_results.cli.commands.{module}")
        command: click.Command = found.command
        return command


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="prefect-results")
def app() -> None:
    """Run flows, and find, check and clean up what their runs left."""
