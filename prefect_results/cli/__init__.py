"""The command line, `prefect-results`: one module per group of commands.

What belongs here: arguments, and showing what the rooms below answer, to people or as JSON. What
does not: the answers. Needs the extra `cli`, which is imported when a command runs.
"""

from __future__ import annotations

import sys


def main(arguments: list[str] | None = None) -> None:
    """Run a command and end the process: with 0 if it did, 1 if it failed, 2 if misused.

    Args:
        arguments: The words after the name of the program; those of this process by default.

    Raises:
        SystemExit: Always.
    """
    try:
        from prefect_results.cli.app import app
    except ModuleNotFoundError as exc:
        if exc.name not in ("click", "rich"):
            raise
        sys.exit(
            f"Error: the command line needs {exc.name}; it comes with "
            "`pip install 'prefect_results[cli]'`"
        )
    app(args=arguments, prog_name="prefect-results")
