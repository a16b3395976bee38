"""`prefect-results run`: runs the flow of a file in this process."""

from __future__ import annotations

from typing import Any

import click

from prefect_results.cli.options import Assignment, Command, Settings, pass_settings, shared
from prefect_results.cli.running import LEVELS, run_and_tell


@click.command("run", cls=Command)
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
@click.option("--flow", "name", help="Name of the flow, if the file has several.")
@click.option(
    "-p",
    "--param",
    "params",
    type=Assignment(),
    multiple=True,
    metavar="NAME=VALUE",
    help="Value of a parameter, as JSON or text; may be given several times.",
)
@click.option("--record/--no-record", default=True, help="Record the run in a run store (default).")
@click.option("--schedule", is_flag=True, help="Follow the flow's schedule, run after run.")
@click.option(
    "--log-level", type=click.Choice(LEVELS, case_sensitive=False), help="What is logged."
)
@click.option(
    "--progress/--no-progress",
    default=None,
    help="Show how far the run is; as `flows.progress` of the configuration by default.",
)
@click.option("--db", help="Run store to record in; the configured one by default.")
@shared
@pass_settings
def command(
    settings: Settings,
    file: str,
    name: str | None,
    params: tuple[tuple[str, Any], ...],
    record: bool,
    schedule: bool,
    log_level: str | None,
    progress: bool | None,
    db: str | None,
) -> None:
    """Run the flow of FILE here and now.

    FILE may be written for Prefect 1: its `import prefect` is served by this library. The run is
    recorded, so that its results are found later and it can be resumed when it is killed.
    """
    from prefect_results.cli.flow_files import load_flow
    from prefect_results.configuration import set_temporary_config

    if db and not record:
        raise click.UsageError("--db says where to record: it does not go with --no-record.")
    flow = load_flow(file, name, settings.debug)
    options: dict[str, Any] = {"record": record}
    if db:
        options["store"] = db
    shown = {} if progress is None else {"flows.progress": progress}
    with set_temporary_config(shown):
        run_and_tell(
            settings,
            flow,
            log_level,
            parameters=dict(params),
            run_on_schedule=schedule,
            **options,
        )
