"""A notifier that keeps a log of states in a Snowflake table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prefect_results.context import context
from prefect_results.exceptions import MissingExtra
from prefect_results.notifications.handlers import notifier, words_of
from prefect_results.secrets import Secret

if TYPE_CHECKING:
    from prefect_results.states import State

_COLUMNS = "FLOW_ID, FLOW_NAME, TASK_NAME, STATE, MESSAGE, INGESTED_AT"


def snowflake_message_formatter(tracked_obj: Any, state: State) -> dict[str, Any]:
    """Return a row about a state, with quotes doubled as SQL wants them.

    Args:
        tracked_obj: The flow or task.
        state: Its new state.
    """
    words = words_of(state, "{}", "{}")
    return {
        "flow_id": context.get("flow_run_id"),
        "flow_name": context.get("flow_name"),
        "task_name": tracked_obj.name,
        "state": type(state).__name__,
        "message": [] if words is None else [{"value": words.replace("'", "''")}],
    }


@notifier
def snowflake_logger(
    tracked_obj: Any,
    new_state: State,
    snowflake_secret: str | None = None,
    snowflake_log_table_name: str | None = None,
    test_env: bool = False,
) -> None:
    """State handler that adds a row to a Snowflake table.

    Args:
        tracked_obj: The flow or task.
        old_state: Its old state.
        new_state: Its new state.
        ignore_states: State classes to say nothing about.
        only_states: State classes to say something about; all by default.
        snowflake_secret: Name of the secret with `user`, `password`, `account`, `role`,
            `warehouse`, `private_key`; `SNOWFLAKE_CREDS` by default.
        snowflake_log_table_name: Name of the secret with the table, as `DB.SCHEMA.TABLE`;
            `LOG_TABLE_NAME_FULL` by default.
        test_env: Whether to print the statement instead.

    Raises:
        MissingExtra: `snowflake-connector-python` is not installed.
    """
    credentials = Secret(snowflake_secret or "SNOWFLAKE_CREDS").get() or {}
    table = Secret(snowflake_log_table_name or "LOG_TABLE_NAME_FULL").get()
    row = snowflake_message_formatter(tracked_obj, new_state)
    values = [*(row[key] for key in ("flow_id", "flow_name", "task_name", "state"))]
    values.append(row["message"] or "")
    insert = f"INSERT INTO {table} ({_COLUMNS}) VALUES "
    if test_env:
        print(insert + "('{}','{}','{}','{}','{}',CURRENT_TIMESTAMP());".format(*values))
        return
    try:
        import snowflake.connector as snowflake
    except ImportError as exc:
        raise MissingExtra(package="snowflake.connector", extra="snowflake") from exc

    options = {key: value for key, value in credentials.items() if value is not None}
    with snowflake.connect(**options) as connection:
        marks = "(%s, %s, %s, %s, %s, CURRENT_TIMESTAMP())"
        connection.cursor().execute(insert + marks, [str(value) for value in values])
