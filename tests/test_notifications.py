"""Messages about states, and the way to Slack, Gmail and Jira."""

from __future__ import annotations

import smtplib
import sys
from types import SimpleNamespace

import pytest

from prefect_results import Flow, Task, clients, context, task
from prefect_results import notifications as ours
from prefect_results.exceptions import MissingExtra
from prefect_results.notifications import (
    callback_factory,
    gmail_notifier,
    jira_notifier,
    slack_message_formatter,
    slack_notifier,
)
from prefect_results.states import Failed, Pending, Retrying, Running, Scheduled, Success

SECRETS = {
    "SLACK_WEBHOOK_URL": "https://example.invalid/hook",
    "EMAIL_USERNAME": "alice@example.invalid",
    "EMAIL_PASSWORD": "word",
    "JIRASECRETS": {"JIRAUSER": "u", "JIRATOKEN": "t", "JIRASERVER": "https://jira.invalid"},
}


@pytest.fixture(autouse=True)
def secrets():
    """The secrets that notifiers ask for."""
    with context(secrets=SECRETS):
        yield


@pytest.fixture
def posts(monkeypatch):
    """What is posted, and the answer."""
    calls = SimpleNamespace(sent=[], ok=True)

    def post(url, json=None, proxies=None):
        calls.sent.append((url, json, proxies))
        return SimpleNamespace(ok=calls.ok)

    monkeypatch.setitem(sys.modules, "requests", SimpleNamespace(post=post))
    return calls


@pytest.fixture
def mails(monkeypatch):
    """What is mailed, or the error that mailing raises."""
    calls = SimpleNamespace(sent=[], error=None, closed=0)

    class Server:
        def __init__(self, host, port):
            assert (host, port) == ("smtp.gmail.com", 465)

        def login(self, user, password):
            assert (user, password) == ("alice@example.invalid", "word")

        def sendmail(self, sender, to, body):
            if calls.error:
                raise calls.error
            calls.sent.append((sender, to, body))

        def quit(self):
            calls.closed += 1

    monkeypatch.setattr(smtplib, "SMTP_SSL", Server)
    return calls


@pytest.fixture
def issues(monkeypatch):
    """What is put into Jira."""
    calls = SimpleNamespace(made=[], assigned=[], created="ID", ok=True)

    class JIRA:
        def __init__(self, basic_auth, options):
            assert basic_auth == ("u", "t")
            calls.server = options["server"]

        def create_issue(self, fields):
            calls.made.append(fields)
            return calls.created

        def assign_issue(self, issue, assignee):
            calls.assigned.append((issue, assignee))
            return calls.ok

    monkeypatch.setitem(sys.modules, "jira", SimpleNamespace(JIRA=JIRA))
    return calls


def test_callback_is_called_when_the_check_holds():
    """The callback gets the object and the state; the state goes on."""
    seen = []
    handler = callback_factory(
        lambda obj, state: seen.append((obj, state)), lambda s: s.is_failed()
    )
    failed, success = Failed(), Success()
    assert handler("obj", Pending(), success) is success
    assert handler("obj", Pending(), failed) is failed
    assert seen == [("obj", failed)]


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (Success("all good"), "all good"),
        (Failed("oh", result=ValueError("bad")), "```ValueError('bad')```"),
        (Success(), None),
    ],
)
def test_slack_message(state, words):
    """The payload has the name, the state, its colour and its words, or the error."""
    (attachment,) = slack_message_formatter(Task(name="t"), state)["attachments"]
    assert attachment["color"] == state.color
    assert attachment["title"] == type(state).__name__
    assert attachment["text"] == f"t is now in a {type(state).__name__} state"
    assert [field["value"] for field in attachment["fields"]] == ([words] if words else [])
    assert "title_link" not in attachment


@pytest.mark.parametrize(
    ("obj", "kind"),
    [(Flow("f"), "flow-run"), (Task(), "task-run"), (SimpleNamespace(name="x"), "")],
)
def test_slack_message_links_to_the_run(monkeypatch, obj, kind):
    """A recorded run's page is linked, unless that is not wanted."""

    class Client:
        def get_cloud_url(self, subdirectory, id):
            return f"{subdirectory}/{id}"

    monkeypatch.setattr(clients, "_factory", Client)
    with context(flow_run_id="id", task_run_id="id"):
        (attachment,) = slack_message_formatter(obj, Success())["attachments"]
        assert attachment.get("title_link", "/id") == f"{kind}/id"
        bare = slack_message_formatter(obj, Success(), backend_info=False)["attachments"][0]
    assert "title_link" not in bare


def test_slack_notifier_posts(posts):
    """The webhook of the secret gets the message; the state goes on."""
    state = Success("hi")
    assert slack_notifier(Task(), Pending(), state) is state
    ((url, payload, proxies),) = posts.sent
    assert url == SECRETS["SLACK_WEBHOOK_URL"]
    assert payload == slack_message_formatter(Task(), state)
    assert proxies is None


def test_slack_notifier_options(posts):
    """Options can be given in several calls before the states are."""
    with context(secrets={"MINE": "https://mine.invalid"}):
        handler = slack_notifier(webhook_secret="MINE")(proxies={"http": "p"})
        handler(Task(), old_state=Pending(), new_state=Running())
    assert [(url, proxies) for url, _, proxies in posts.sent] == [
        ("https://mine.invalid", {"http": "p"})
    ]


def test_slack_refusal_is_an_error(posts):
    """An answer that is not ok raises."""
    posts.ok = False
    with pytest.raises(ValueError, match="Slack notification for <Task: t> failed"):
        slack_notifier(Task(name="t"), Pending(), Success())


@pytest.mark.parametrize(
    ("options", "sent"),
    [
        ({"ignore_states": [Running]}, ["Success", "Retrying", "Scheduled"]),
        ({"ignore_states": [Scheduled]}, ["Running", "Success"]),
        ({"only_states": [Scheduled]}, ["Retrying", "Scheduled"]),
        ({"only_states": [Scheduled], "ignore_states": [Retrying]}, ["Scheduled"]),
    ],
)
def test_states_can_be_chosen(posts, options, sent):
    """States are ignored or picked by class, subclasses with them."""
    handler = slack_notifier(**options)
    for state in (Running(), Success(), Retrying(), Scheduled()):
        assert handler(Task(), Pending(), state) is state
    assert [payload["attachments"][0]["title"] for _, payload, _ in posts.sent] == sent


def test_slack_needs_requests(monkeypatch):
    """Without the package the error names the extra."""
    monkeypatch.setitem(sys.modules, "requests", None)
    with pytest.raises(MissingExtra, match=r"prefect_results\[notifications\]"):
        slack_notifier(Task(), Pending(), Success())


def test_gmail_notifier_mails_its_own_account(mails):
    """The mail goes to the account, with the state and the error in it."""
    state = Failed("oh", result=ValueError("bad"))
    assert gmail_notifier(Task(name="t"), Pending(), state) is state
    ((sender, to, body),) = mails.sent
    assert sender == "notifications@prefect.io"
    assert to == "alice@example.invalid"
    assert "Subject: " in body
    assert "<pre>ValueError('bad')</pre>" in body
    assert '"oh"' in ours.email_message_formatter(Task(), Success("oh"), "x")
    assert mails.closed == 1


def test_gmail_failure_is_an_error(mails):
    """Mailing that fails raises, and the connection is closed."""
    mails.error = smtplib.SMTPException("down")
    with pytest.raises(ValueError, match="Email notification for <Task: t> failed") as info:
        gmail_notifier(Task(name="t"), Pending(), Success())
    assert info.value.__cause__ is mails.error
    assert mails.closed == 1


def test_jira_notifier_opens_an_issue(issues):
    """The issue has the user's fields and a summary, and is assigned."""
    options = {"project": "TEST"}
    handler = jira_notifier(options=options, assignee="bob", only_states=[Failed])
    state = Failed()
    assert handler(Task(name="t"), Pending(), state) is state
    handler(Task(name="t"), Pending(), Success())
    (fields,) = issues.made
    assert fields["project"] == "TEST"
    assert fields["summary"].startswith("Message from Prefect: t entered a Failed state at 2")
    assert issues.assigned == [("ID", "bob")]
    assert issues.server == "https://jira.invalid"
    assert options == {"project": "TEST"}


def test_jira_failures_are_errors(issues):
    """Neither a missing issue nor a missing assignment goes unnoticed."""
    issues.ok = False
    with pytest.raises(ValueError, match="Assigning Jira issue for <Task: t> failed"):
        jira_notifier(Task(name="t"), Pending(), Success(), server_URL="https://other.invalid")
    assert issues.server == "https://other.invalid"
    issues.created = None
    with pytest.raises(ValueError, match="Creating Jira Issue for <Task: t> failed"):
        jira_notifier(Task(name="t"), Pending(), Success())


def test_jira_needs_its_package(monkeypatch):
    """Without the package there is an ImportError that names the extra."""
    monkeypatch.setitem(sys.modules, "jira", None)
    with pytest.raises(ImportError, match=r"prefect_results\[jira\]"):
        jira_notifier(Task(), Pending(), Success())


def test_snowflake_row_doubles_quotes():
    """The row for a log table has quotes as SQL wants them."""
    with context(flow_run_id="id", flow_name="f"):
        row = ours.snowflake_message_formatter(Task(name="t"), Failed("it's"))
    assert row == {
        "flow_id": "id",
        "flow_name": "f",
        "task_name": "t",
        "state": "Failed",
        "message": [{"value": "it''s"}],
    }


def test_notifier_as_a_state_handler(posts):
    """It can be given to a task, and is called on each change of state."""

    @task(state_handlers=[slack_notifier(only_states=[Success])])
    def work():
        return 1

    with Flow("test") as flow:
        work()
    assert flow.run().is_successful()
    assert [payload["attachments"][0]["title"] for _, payload, _ in posts.sent] == ["Success"]


def test_snowflake_logger(monkeypatch, capsys):
    """The row goes to the table of the secret, as bound values, or is printed on request."""
    calls = []

    class Connection:
        def __enter__(self):
            return self

        def __exit__(self, *exc_info):
            calls.append("closed")

        def cursor(self):
            return self

        def execute(self, statement, values):
            calls.append((statement, values))

    connector = SimpleNamespace(connect=lambda **options: calls.append(options) or Connection())
    monkeypatch.setitem(sys.modules, "snowflake", SimpleNamespace(connector=connector))
    monkeypatch.setitem(sys.modules, "snowflake.connector", connector)
    secrets = {"SNOWFLAKE_CREDS": {"user": "u", "role": None}, "LOG_TABLE_NAME_FULL": "D.S.T"}
    with context(secrets=secrets, flow_run_id="id", flow_name="f"):
        ours.snowflake_logger(Task(name="t"), Pending(), Success("hi"))
        ours.snowflake_logger(Task(name="t"), Pending(), Success(), test_env=True)
    (options, (statement, values), closed) = calls
    assert options == {"user": "u"}
    assert statement.startswith("INSERT INTO D.S.T (FLOW_ID, ")
    assert values == ["id", "f", "t", "Success", "[{'value': 'hi'}]"]
    assert closed == "closed"
    assert "VALUES ('id','f','t','Success','',CURRENT_TIMESTAMP());" in capsys.readouterr().out
