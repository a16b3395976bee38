"""What all notifiers have in common, and those for Slack and Gmail."""

from __future__ import annotations

import smtplib
from collections.abc import Callable
from functools import partial, wraps
from typing import TYPE_CHECKING, Any

from prefect_results.clients import has_client, make_client
from prefect_results.context import context
from prefect_results.core import Flow, Task
from prefect_results.exceptions import MissingExtra
from prefect_results.secrets import Secret

if TYPE_CHECKING:
    from prefect_results.states import State

_SENDER = "notifications@prefect.io"
_LOGO = "https://emoji.slack-edge.com/TAN3D79AL/prefect/2497370f58500a5a.png"

_EMAIL_TEXT = """
<pre>{name}</pre> is now in a <b style="color: {color}">{state}</b> state<br>
Message: {message}
"""
_EMAIL_PAGE = """
<!DOCTYPE html>
<html>
  <body style="border-left: 4px solid {color}; padding-left: 1em">
    <img src="{logo}" alt="">
    <p>{text}</p>
  </body>
</html>
"""


def notifier(notify: Callable[..., None]) -> Callable[..., Any]:
    """Make a state handler that takes its options in as many calls as the user likes.

    The handler returns the new state. It does nothing for a state that `ignore_states` names, or
    that `only_states`, if given, does not.
    """

    @wraps(notify)
    def handler(*args: Any, **options: Any) -> Any:
        positional = ("tracked_obj", "old_state", "new_state")
        given = {**dict(zip(positional, args)), **options}
        if not given.keys() >= set(positional):
            return partial(handler, *args, **options)
        tracked_obj, _, new_state = (given.pop(name) for name in positional)
        ignored = tuple(given.pop("ignore_states", None) or ())
        wanted = tuple(given.pop("only_states", None) or ())
        if not isinstance(new_state, ignored) and (not wanted or isinstance(new_state, wanted)):
            notify(tracked_obj, new_state, **given)
        return new_state

    return handler


def words_of(state: State, quoted: str, plain: str) -> Any:
    """Return the exception of a failed state or its message, put into a frame."""
    if isinstance(state.result, Exception):
        return quoted.format(repr(state.result))
    return plain.format(state.message) if state.message is not None else None


def email_message_formatter(tracked_obj: Any, state: State, email_to: str) -> str:
    """Return an e-mail about a state, with headers, as text and as HTML.

    Args:
        tracked_obj: The flow or task.
        state: Its new state.
        email_to: The address it goes to.
    """
    from email.header import Header
    from email.mime.multipart import MIMEMultipart
    from email.mime.text import MIMEText

    if isinstance(state.result, Exception):
        message = f"<pre>{state.result!r}</pre>"
    else:
        message = f'"{state.message}"'
    text = _EMAIL_TEXT.format(
        name=tracked_obj.name, color=state.color, state=type(state).__name__, message=message
    )
    contents = MIMEMultipart("alternative")
    contents.attach(MIMEText(text, "plain"))
    contents.attach(MIMEText(_EMAIL_PAGE.format(color=state.color, logo=_LOGO, text=text), "html"))
    subject = f"Prefect state change notification for {tracked_obj.name}"
    contents["Subject"] = Header(subject, "UTF-8")  # type: ignore[assignment]
    contents["From"] = _SENDER
    contents["To"] = email_to
    return contents.as_string()


def slack_message_formatter(
    tracked_obj: Any, state: State, backend_info: bool = True
) -> dict[str, Any]:
    """Return the payload of a Slack message about a state.

    Args:
        tracked_obj: The flow or task.
        state: Its new state.
        backend_info: Whether to link to the run's page, where the run is recorded.
    """
    words = words_of(state, "```{}```", "{}")
    attachment: dict[str, Any] = {
        "fallback": "State change notification",
        "color": state.color,
        "author_name": "Prefect",
        "author_link": "https://www.prefect.io/",
        "author_icon": _LOGO,
        "title": type(state).__name__,
        "fields": [] if words is None else [{"title": "Message", "value": words, "short": False}],
        "text": f"{tracked_obj.name} is now in a {type(state).__name__} state",
        "footer": "Prefect notification",
    }
    if backend_info and context.get("flow_run_id") and has_client():
        url = _page_of(tracked_obj)
        if url:
            attachment["title_link"] = url
    return {"attachments": [attachment]}


def _page_of(tracked_obj: Any) -> Any:
    """Return the address of the page of the current run, or None."""
    if isinstance(tracked_obj, Flow):
        return make_client().get_cloud_url("flow-run", context["flow_run_id"])
    if isinstance(tracked_obj, Task):
        return make_client().get_cloud_url("task-run", context.get("task_run_id", ""))
    return None


@notifier
def gmail_notifier(tracked_obj: Any, new_state: State) -> None:
    """State handler that sends an e-mail through Gmail to the account's own address.

    The account is in the secrets `EMAIL_USERNAME` and `EMAIL_PASSWORD`.

    Args:
        tracked_obj: The flow or task.
        old_state: Its old state.
        new_state: Its new state.
        ignore_states: State classes to say nothing about.
        only_states: State classes to say something about; all by default.

    Raises:
        ValueError: The mail could not be sent.
    """
    username = Secret("EMAIL_USERNAME").get()
    password = Secret("EMAIL_PASSWORD").get()
    body = email_message_formatter(tracked_obj, new_state, username)
    server = smtplib.SMTP_SSL("smtp.gmail.com", 465)
    server.login(username, password)
    try:
        server.sendmail(_SENDER, username, body)
    except Exception as exc:
        raise ValueError(f"Email notification for {tracked_obj} failed") from exc
    finally:
        server.quit()


@notifier
def slack_notifier(
    tracked_obj: Any,
    new_state: State,
    webhook_secret: str | None = None,
    backend_info: bool = True,
    proxies: dict[str, str] | None = None,
) -> None:
    """State handler that posts to a Slack webhook.

    Args:
        tracked_obj: The flow or task.
        old_state: Its old state.
        new_state: Its new state.
        ignore_states: State classes to say nothing about.
        only_states: State classes to say something about; all by default.
        webhook_secret: Name of the secret with the webhook's URL; `SLACK_WEBHOOK_URL` by default.
        backend_info: Whether to link to the run's page, where the run is recorded.
        proxies: Passed to `requests.post`.

    Raises:
        ValueError: Slack did not take the message.
        MissingExtra: `requests` is not installed.
    """
    try:
        import requests
    except ImportError as exc:
        raise MissingExtra(package="requests", extra="notifications") from exc

    url = Secret(webhook_secret or "SLACK_WEBHOOK_URL").get()
    payload = slack_message_formatter(tracked_obj, new_state, backend_info)
    if not requests.post(url, json=payload, proxies=proxies).ok:
        raise ValueError(f"Slack notification for {tracked_obj} failed")
