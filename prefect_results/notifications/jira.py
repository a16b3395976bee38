"""A notifier that opens Jira issues."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prefect_results.exceptions import MissingExtra
from prefect_results.notifications.handlers import notifier
from prefect_results.secrets import Secret

if TYPE_CHECKING:
    from prefect_results.states import State


def jira_message_formatter(tracked_obj: Any, state: State) -> str:
    """Return one line about a state, with the time in UTC.

    Args:
        tracked_obj: The flow or task.
        state: Its new state.
    """
    from datetime import datetime, timezone

    time = datetime.now(timezone.utc).replace(tzinfo=None)
    name, state_name = tracked_obj.name, type(state).__name__
    return f"Message from Prefect: {name} entered a {state_name} state at {time}"


@notifier
def jira_notifier(
    tracked_obj: Any,
    new_state: State,
    server_URL: str | None = None,
    options: dict[str, Any] | None = None,
    assignee: str = "-1",
) -> None:
    """State handler that opens a Jira issue.

    The secret `JIRASECRETS` holds `JIRAUSER`, `JIRATOKEN` and, unless given here, `JIRASERVER`.

    Args:
        tracked_obj: The flow or task.
        old_state: Its old state.
        new_state: Its new state.
        ignore_states: State classes to say nothing about.
        only_states: State classes to say something about; all by default.
        server_URL: The Jira server.
        options: Fields of the issue; `project` and `issuetype` are needed.
        assignee: User name; Jira decides by default.

    Raises:
        ValueError: The issue could not be made or assigned.
        MissingExtra: `jira` is not installed.
    """
    try:
        from jira import JIRA
    except ImportError as exc:
        raise MissingExtra(package="jira", extra="jira") from exc

    secrets = Secret("JIRASECRETS").get()
    server = server_URL or secrets["JIRASERVER"]
    jira = JIRA(basic_auth=(secrets["JIRAUSER"], secrets["JIRATOKEN"]), options={"server": server})
    fields = {**(options or {}), "summary": jira_message_formatter(tracked_obj, new_state)}
    created = jira.create_issue(fields)
    if not created:
        raise ValueError(f"Creating Jira Issue for {tracked_obj} failed")
    if assignee and not jira.assign_issue(created, assignee):
        raise ValueError(f"Assigning Jira issue for {tracked_obj} failed")
