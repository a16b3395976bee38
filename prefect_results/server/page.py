"""The status page: the newest flow runs and their states, as plain HTML.

What belongs here: one page without scripts. It is not a user interface.
"""

from __future__ import annotations

from datetime import datetime
from html import escape
from typing import Any

from sqlalchemy import func, select

from prefect_results.backend.store.schema import flow, flow_run, project
from prefect_results.backend.store.sql.store import SqlRunStore

RUNS = 50

_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Flow runs</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
body {{ font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem }}
table {{ border-collapse: collapse; width: 100% }}
th, td {{ text-align: left; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid #8884 }}
td:last-child {{ font-family: ui-monospace, monospace; font-size: 13px }}
.Success {{ color: #1a7f37 }} .Failed, .TimedOut, .Cancelled {{ color: #c1121f }}
.Running, .Submitted {{ color: #0b63c5 }}
</style>
<h1>Flow runs</h1><p>{summary}</p>
<table><thead><tr><th>Name<th>Flow<th>Project<th>State<th>Started<th>Ended<th>Id</tr></thead>
<tbody>{rows}</tbody></table></html>
"""


def page(store: SqlRunStore) -> str:
    """Return the page for what is in a store now."""
    counts = select(flow_run.c.state, func.count()).group_by(flow_run.c.state)
    newest = (
        select(
            *(flow_run.c.name, flow.c.name, project.c.name, flow_run.c.state),
            *(flow_run.c.start_time, flow_run.c.end_time, flow_run.c.id),
        )
        .join(flow, flow.c.id == flow_run.c.flow_id)
        .join(project, project.c.id == flow.c.project_id)
        .order_by(flow_run.c.id.desc())
        .limit(RUNS)
    )
    with store.database.read() as connection:
        states = connection.execute(counts.order_by(flow_run.c.state)).all()
        runs = connection.execute(newest).all()
    summary = ", ".join(
        f"{number} {escape(state or 'without a state')}" for state, number in states
    )
    rows = "\n".join(_row(*run) for run in runs)
    return _PAGE.format(summary=summary or "There are none yet.", rows=rows)


def _row(name: str, of: str, within: str, state: str, start: Any, end: Any, run_id: str) -> str:
    cells = [escape(text or "") for text in (name, of, within)]
    cells.append(f'<span class="{escape(state or "")}">{escape(state or "")}</span>')
    cells += [_moment(start), _moment(end), escape(run_id)]
    return "<tr>" + "".join(f"<td>{cell}" for cell in cells) + "</tr>"


def _moment(value: datetime | None) -> str:
    return "" if value is None else value.strftime("%Y-%m-%d %H:%M:%S")
