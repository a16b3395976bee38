"""`prefect-results agent`: executes the flow runs that are scheduled in a run store."""

from __future__ import annotations

import sys
from functools import partial

import click

from prefect_results.cli.options import Group, Settings, of_store, pass_settings, shared
from prefect_results.cli.output import note, print_json
from prefect_results.cli.running import logged


@click.group(cls=Group, name="agent")
def command() -> None:
    """Execute scheduled flow runs."""


@command.command("start")
@click.option("--once", is_flag=True, help="Execute what is due now, then end.")
@click.option("--name", help="What the agent is called.")
@click.option(
    "--label", "labels", multiple=True, help="Take runs with this label; may be repeated."
)
@click.option(
    "--max-runs", type=click.IntRange(1), help="Runs at once; 4 per processor by default."
)
@click.option("--show-flow-logs", is_flag=True, help="Show what the runs write.")
@of_store
@shared
@pass_settings
def start(
    settings: Settings,
    once: bool,
    name: str | None,
    labels: tuple[str, ...],
    max_runs: int | None,
    show_flow_logs: bool,
) -> None:
    """Execute flow runs as processes of this machine until interrupted.

    Whoever can write to the run store can have code run by its agents.
    """
    from prefect_results.backend.agent import LocalAgent

    # Its log goes to stderr.
    answer = partial(print_json, to=sys.stdout)
    with logged(None, away=True):
        agent = LocalAgent(
            name=name,
            labels=labels,
            max_polls=1 if once else None,
            show_flow_logs=show_flow_logs,
            source=settings.source,
            max_runs=max_runs,
        )
        if settings.as_json:
            answer({"name": agent.name, "labels": agent.labels})
        try:
            agent.start()
        except KeyboardInterrupt:
            note("Stopped.")
