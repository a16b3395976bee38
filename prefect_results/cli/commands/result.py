"""`prefect-results result`: stored results, looked at without loading them, and looked after.

What belongs here: which commands there are; each is in a module of its own.
"""

from __future__ import annotations

import click

from prefect_results.cli.commands.result_folder import list_, verify
from prefect_results.cli.commands.result_object import export, show
from prefect_results.cli.commands.result_purge import purge
from prefect_results.cli.options import Group


@click.group(cls=Group, name="result")
def command() -> None:
    """Look at stored results, check them, and delete those that are no longer needed."""


for _one in (show, export, list_, verify, purge):
    command.add_command(_one)
