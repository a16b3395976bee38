"""`prefect-results flow-run`: recorded flow runs."""

from __future__ import annotations

import logging
from typing import Any

import click

from prefect_results.cli.options import (
    Age,
    Group,
    Settings,
    of_runs,
    of_store,
    pass_settings,
    shared,
)
from prefect_results.cli.output import note, print_facts, print_json, print_table, printable, shown
from prefect_results.cli.running import LEVELS, run_and_tell

_COLUMNS = {
    "id": "Id",
    "name": "Name",
    "flow": "Flow",
    "state": "State",
    "due": "Due",
    "start_time": "Started",
    "end_time": "Ended",
    "message": "Message",
}


@click.group(cls=Group, name="flow-run")
def command() -> None:
    """Find flow runs, see what happened in them, and resume them."""


@command.command("list")
@click.option("--flow", help="Only runs of flows of this name.")
@click.option("--state", "states", multiple=True, help="Only in this state; may be repeated.")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1), help="How many.")
@of_runs
@shared
@pass_settings
def list_(settings: Settings, flow: str | None, states: tuple[str, ...], limit: int) -> None:
    """List flow runs, the newest first."""
    from prefect_results.cli.runs import list_flow_runs

    access = settings.access()
    rows = list_flow_runs(access, flow, states, limit)
    if settings.as_json:
        print_json(rows)
    elif rows:
        waiting = [row for row in rows if row["start_time"] is None and row["end_time"] is None]
        for row in waiting:
            row["due"] = row["scheduled_start_time"]
        columns = {key: title for key, title in _COLUMNS.items() if waiting or key != "due"}
        print_table(rows, columns)
    else:
        note(f"There are no such flow runs in {access.address}.")


@command.command("show")
@click.argument("flow_run_id")
@of_runs
@shared
@pass_settings
def show(settings: Settings, flow_run_id: str) -> None:
    """Show a flow run: its flow, parameters, states, and how its tasks are doing."""
    from prefect_results.cli import runs

    access = settings.access()
    run = runs.flow_run(access, flow_run_id)
    flow = access.flow(run.flow_id)
    form = run.serialized_state or {}
    states = [
        {
            "timestamp": one.timestamp,
            "state": (one.serialized_state or {}).get("type"),
            "message": (one.serialized_state or {}).get("message"),
        }
        for one in sorted(run.states, key=lambda one: one.timestamp)
    ]
    told: dict[str, Any] = {
        "id": run.id,
        "name": run.name,
        "flow": flow.name if flow else None,
        "flow_id": run.flow_id,
        "flow_version": flow.version if flow else None,
        "project": flow.project_name if flow else None,
        "state": form.get("type"),
        "message": form.get("message"),
        "due": form.get("start_time"),
        "labels": list(run.labels),
        "parameters": run.parameters,
        "task_runs": runs.count_states(access, flow_run_id),
        "states": states,
    }
    if settings.as_json:
        print_json(told)
        return
    counts = ", ".join(f"{count} {state}" for state, count in told["task_runs"].items())
    print_facts(
        {
            "Flow run": f"{run.name} ({run.id})",
            "Flow": f"{told['flow']}, version {told['flow_version']}, of {told['project']}",
            "State": told["state"],
            "Message": told["message"],
            "Due": told["due"],
            "Labels": ", ".join(run.labels) or None,
            "Parameters": run.parameters or None,
            "Task runs": counts or "none",
        }
    )
    click.echo()
    print_table(states, {"timestamp": "Time", "state": "State", "message": "Message"})


@command.command("logs")
@click.argument("flow_run_id")
@click.option("--level", type=click.Choice(LEVELS, case_sensitive=False), help="This or above.")
@click.option("--since", type=Age(), metavar="AGE", help="Only the last while, such as 10m.")
@click.option("--follow", "-f", is_flag=True, help="Go on until the flow run is finished.")
@of_runs
@shared
@pass_settings
def logs_(
    settings: Settings, flow_run_id: str, level: str | None, since: Any, follow: bool
) -> None:
    """Print the log of a flow run.

    With --follow and --json, each line is a JSON document of its own.
    """
    from datetime import datetime, timezone

    from prefect_results.cli import logs, runs

    access = settings.access()
    runs.flow_run(access, flow_run_id)
    start = None if since is None else datetime.now(timezone.utc) - since
    least = logging.getLevelName(level) if level else 0
    found = logs.followed_logs if follow else logs.logs
    lines = (line for line in found(access, flow_run_id, start) if _number(line["level"]) >= least)
    if settings.as_json and not follow:
        print_json(list(lines))
        return
    for line in lines:
        if settings.as_json:
            print_json(line, indent=None)
        else:
            text = printable(line["message"])
            click.echo(f"{shown(line['timestamp'])}  {line['level']:<8}  {text}")


def _number(level: str) -> int:
    number: Any = logging.getLevelName(level)
    return number if isinstance(number, int) else logging.INFO


@command.command("resume")
@click.argument("flow_run_id")
@click.option(
    "--file",
    type=click.Path(exists=True, dir_okay=False),
    help="File with the flow; by default its code as it was recorded.",
)
@click.option(
    "--log-level", type=click.Choice(LEVELS, case_sensitive=False), help="What is logged."
)
@of_store
@shared
@pass_settings
def resume(settings: Settings, flow_run_id: str, file: str | None, log_level: str | None) -> None:
    """Go on with a flow run that was killed or failed, in this process.

    Tasks that are finished with a result that can be read are not run again.
    """
    from prefect_results.cli import runs

    store = settings.store()
    access = settings.access()
    run = runs.flow_run(access, flow_run_id)
    data = access.flow(run.flow_id)
    assert data is not None
    if file is not None:
        from prefect_results.cli.flow_files import load_flow

        flow = load_flow(file, data.name, settings.debug)
    else:
        from prefect_results.backend import loading

        flow = loading.load_flow(data)
    run_and_tell(
        settings,
        flow,
        log_level,
        resume=flow_run_id,
        store=store,
        run_on_schedule=False,
    )
