"""A flow run that the command line waits for, and what it says about it afterwards.

What belongs here: running in this process, and the summary. What does not: loading flows.
"""

from __future__ import annotations

import contextlib
import sys
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from prefect_results.cli.options import Settings
from prefect_results.cli.output import print_facts, print_json, print_table

if TYPE_CHECKING:
    from prefect_results.core import Flow
    from prefect_results.states import State

LEVELS = ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]


def run_and_tell(settings: Settings, flow: Flow, log_level: str | None, **options: Any) -> None:
    """Run a flow and print what became of it.

    Args:
        settings: The options of the command.
        flow: The flow.
        log_level: A level of logging; the configured one by default.
        **options: What `flow.run` takes.

    Raises:
        SystemExit: With 1, if the flow run did not succeed.
    """
    with logged(log_level, away=settings.as_json):
        state = flow.run(**options)
    assert state is not None
    recorded = options.get("record") or options.get("resume")
    _tell(settings, flow, state, state.context.get("flow_run_id") if recorded else None)
    if not state.is_successful():
        sys.exit(1)


@contextlib.contextmanager
def logged(level: str | None, away: bool) -> Iterator[None]:
    """Log at a level inside the block.

    Args:
        level: A level of logging; the configured one by default.
        away: Whether the log, and what is printed, goes to stderr: stdout is for the answer.
    """
    from prefect_results.logging import configure_logging, temporary_logger_config

    with contextlib.ExitStack() as stack:
        if away:
            # A handler keeps the stdout that it finds when it is made.
            stack.callback(configure_logging)
            stack.enter_context(contextlib.redirect_stdout(sys.stderr))
            configure_logging()
        if level is not None:
            stack.enter_context(temporary_logger_config(level=level))
        yield


def _tell(settings: Settings, flow: Flow, state: State, flow_run_id: str | None) -> None:
    result = state.result if isinstance(state.result, dict) else {}
    tasks = {slug: result[task] for task, slug in flow.slugs.items() if task in result}
    if settings.as_json:
        print_json(
            {
                "flow": flow.name,
                "flow_run_id": flow_run_id,
                **described(state),
                "tasks": {slug: described(one) for slug, one in tasks.items()},
            }
        )
        return
    bad = [{"slug": slug, **described(s)} for slug, s in tasks.items() if not s.is_successful()]
    counts = Counter(type(one).__name__ for one in tasks.values())
    print_facts(
        {
            "Flow": flow.name,
            "Flow run": flow_run_id,
            "State": f"{type(state).__name__}: {state.message}",
            "Tasks": ", ".join(f"{count} {kind}" for kind, count in sorted(counts.items())),
        }
    )
    if bad:
        click.echo()
        print_table(bad, {"slug": "Task", "state": "State", "message": "Message"})


def described(state: State) -> dict[str, Any]:
    """The type and the message of a state."""
    return {"state": type(state).__name__, "message": state.message}
