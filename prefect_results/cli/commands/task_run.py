"""`prefect-results task-run`: recorded task runs and what their tasks returned."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from prefect_results.cli.options import Group, Settings, of_runs, pass_settings, shared
from prefect_results.cli.output import note, print_facts, print_json, print_table
from prefect_results.cli.values import print_value

F = TypeVar("F", bound=Callable[..., Any])


@click.group(cls=Group, name="task-run")
def command() -> None:
    """Find task runs and their results."""


def named(function: F) -> F:
    """Add the arguments that name a task run: ID, or FLOW_RUN_ID SLUG [--map-index N]."""
    index = click.option(
        "--map-index", type=click.IntRange(0), help="Which child of a mapped task, from 0."
    )
    slug = click.argument("slug", required=False)
    return click.argument("id", metavar="ID|FLOW_RUN_ID")(slug(index(function)))


@command.command("list")
@click.argument("flow_run_id")
@click.option("--slug", help="Only runs of this task.")
@click.option("--state", "states", multiple=True, help="Only in this state; may be repeated.")
@click.option(
    "--children/--no-children", default=True, help="With children of mapped tasks or not."
)
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1), help="How many.")
@of_runs
@shared
@pass_settings
def list_(
    settings: Settings,
    flow_run_id: str,
    slug: str | None,
    states: tuple[str, ...],
    children: bool,
    limit: int,
) -> None:
    """List the task runs of a flow run, by task and map index."""
    from prefect_results.cli.runs import list_task_runs

    rows, more = list_task_runs(
        settings.access(), flow_run_id, slug=slug, states=states, children=children, limit=limit
    )
    if settings.as_json:
        print_json(rows)
    elif rows:
        for row in rows:
            row["index"] = "" if row["map_index"] < 0 else str(row["map_index"])
            result = row["result"] or {}
            row["at"] = None if result.get("type") == "PrefectResult" else result.get("location")
        columns = {"task_slug": "Task", "index": "Index", "state": "State", "id": "Id"}
        print_table(rows, {**columns, "at": "Result at", "message": "Message"})
    else:
        note("There are no such task runs.")
    if more:
        note(f"There are more than {limit}; --limit shows more of them.")


@command.command("show")
@named
@of_runs
@shared
@pass_settings
def show(settings: Settings, id: str, slug: str | None, map_index: int | None) -> None:
    """Show a task run: its states, and where its result is; the result is not loaded."""
    from prefect_results.cli import runs

    access = settings.access()
    run = runs.task_run(access, id, slug, map_index)
    row = runs.task_run_row(run)
    form = run.serialized_state or {}
    inputs = form.get("cached_inputs") or {}
    row["cached_inputs"] = {key: runs.result_facts(item) for key, item in inputs.items()}
    row["states"] = runs.history(access, run.id)
    if settings.as_json:
        print_json(row)
        return
    result = row["result"] or {}
    print_facts(
        {
            "Task run": run.id,
            "Task": run.task_slug if run.map_index < 0 else f"{run.task_slug}[{run.map_index}]",
            "Flow run": run.flow_run_id,
            "State": row["state"],
            "Message": row["message"],
            "Result": result.get("type") or "none",
            "Location": result.get("location"),
            "Serializer": (result.get("serializer") or {}).get("type"),
        }
    )
    click.echo()
    print_table(row["states"], {"timestamp": "Time", "state": "State", "message": "Message"})


@command.command("result")
@named
@of_runs
@shared
@pass_settings
def result(settings: Settings, id: str, slug: str | None, map_index: int | None) -> None:
    """Print what a task returned; of a mapped task, the list of what its children returned.

    The value is loaded, as the state of the task run says: a pickle runs code of whoever could
    write to the storage or the run store. `result show` looks at the data without that.
    """
    from prefect_results.backend.views import TaskRunView
    from prefect_results.cli import runs

    access = settings.access()
    run = runs.task_run(access, id, slug, map_index)
    value = TaskRunView.from_task_run_id(run.id, source=access).get_result()
    print_value(
        settings,
        value,
        {"task_run_id": run.id, "task_slug": run.task_slug, "map_index": run.map_index},
    )
