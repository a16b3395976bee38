"""State handlers that tell people about the states of flows and tasks.

What belongs here: messages and their way to Slack, Gmail, Jira and Snowflake. What does not: when
state handlers are called (the engine), and where credentials come from
(`prefect_results.secrets`).

A notifier can be called with some of its options first, to give a state handler::

    @task(state_handlers=[slack_notifier(ignore_states=[Running])])
    def add(x, y): ...
"""

from prefect_results.core.options import callback_factory
from prefect_results.notifications.handlers import (
    email_message_formatter,
    gmail_notifier,
    slack_message_formatter,
    slack_notifier,
)
from prefect_results.notifications.jira import jira_message_formatter, jira_notifier
from prefect_results.notifications.snowflake import snowflake_logger, snowflake_message_formatter

__all__ = [
    "callback_factory",
    "email_message_formatter",
    "gmail_notifier",
    "jira_message_formatter",
    "jira_notifier",
    "slack_message_formatter",
    "slack_notifier",
    "snowflake_logger",
    "snowflake_message_formatter",
]
