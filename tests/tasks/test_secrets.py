"""Secrets and the tasks that fetch them."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from prefect_results import Flow, clients, task
from prefect_results.configuration import set_temporary_config
from prefect_results.context import context
from prefect_results.exceptions import ClientError, ConfigurationError
from prefect_results.results import LocalResult, SecretResult
from prefect_results.secrets import Secret
from prefect_results.tasks.secrets import EnvVarSecret, PrefectSecret, SecretBase

REMOTE = {"cloud.use_local_secrets": False, "backend": "cloud"}


class Answer:
    """What a query returns."""

    def __init__(self, **data):
        self._data = data
        self.data = type("Data", (), data)

    def to_dict(self):
        return {"data": self._data}


class Client:
    """Knows one secret."""

    error = ClientError("No value found for the requested key")

    def graphql(self, query, variables=None):
        if variables is None:
            return Answer(secret_names=["REMOTE"])
        if variables["name"] != "REMOTE":
            raise self.error
        return Answer(secret_value='{"a": 1}')


@pytest.fixture
def client(monkeypatch):
    """A registered client."""
    monkeypatch.setattr(clients, "_factory", Client)


@pytest.mark.parametrize(
    ("stored", "value"),
    [("plain", "plain"), ('{"a": [1]}', {"a": [1]}), ("42", 42), (b"x", b"x"), ({1: 2}, {1: 2})],
)
def test_local_secret(stored, value):
    """The context's secrets come first; text that is JSON is read as such."""
    with context(secrets={"X": stored}):
        assert Secret("X").get() == value
        assert Secret("X").exists()


def test_missing_local_secret():
    """A secret that is not there is an error that names it."""
    with context(secrets=None):
        assert not Secret("X").exists()
        with pytest.raises(ValueError, match='Local Secret "X" was not found'):
            Secret("X").get()


def test_secrets_are_not_for_defining_flows():
    """While a flow is being defined, secrets are refused."""
    refused = pytest.raises(ValueError, match="only be retrieved during a Flow run")
    with Flow("test"), context(secrets={"X": 1}), refused:
        Secret("X").get()


def test_remote_secret(client):
    """The API is asked when the settings say so; its JSON is read."""
    with set_temporary_config(REMOTE):
        assert Secret("REMOTE").exists()
        assert not Secret("OTHER").exists()
        assert Secret("REMOTE").get() == {"a": 1}
        with pytest.raises(KeyError, match="The secret OTHER was not found"):
            Secret("OTHER").get()
    with set_temporary_config({**REMOTE, "backend": "server"}), pytest.raises(ValueError):
        Secret("REMOTE").get()


def test_remote_error_is_passed_on(client, monkeypatch):
    """Any other answer of the API is its own error."""
    monkeypatch.setattr(Client, "error", ClientError("down"))
    with set_temporary_config(REMOTE), pytest.raises(ClientError, match="down"):
        Secret("OTHER").get()


def test_without_a_client(monkeypatch):
    """With no backend there is an error that says what to import."""
    monkeypatch.setattr(clients, "_factory", None)
    with set_temporary_config(REMOTE), pytest.raises(ConfigurationError, match="backend"):
        Secret("X").get()


def test_secret_task_options():
    """A secret task has a secret result and no checkpoint; another result is refused."""
    secret = SecretBase(name="s", checkpoint=True)
    assert isinstance(secret.result, SecretResult)
    assert secret.checkpoint is False
    assert secret.result.location == "s"
    with pytest.raises(ValueError, match="Result types for Secrets are not configurable"):
        SecretBase(result=LocalResult())


def test_prefect_secret_in_a_flow():
    """The value reaches the task that uses it; the stored result has none of it."""

    @task
    def length(x):
        return len(x)

    with Flow("test") as flow:
        secret = PrefectSecret("X")
        used = length(secret)
    with context(secrets={"X": "hidden-value"}):
        state = flow.run()
    assert state.result[used].result == len("hidden-value")
    assert "hidden-value" not in repr(state.result[secret].serialize())


def test_prefect_secret_names():
    """The name is that of the task or of the call; one of them is needed."""
    with context(secrets={"X": 1, "Y": 2}):
        assert PrefectSecret("X").run() == 1
        assert PrefectSecret("X").run(name="Y") == 2
        assert PrefectSecret("X").result.read("Y").value == 2
    assert PrefectSecret("X").name == "X"
    for cls in (PrefectSecret, EnvVarSecret):
        assert cls().name == cls.__name__
        with pytest.raises(ValueError, match="A secret name must be provided"):
            cls().run()


def test_env_var_secret(monkeypatch):
    """Variables are read when the task runs, and cast if asked."""
    monkeypatch.setenv("H4_SECRET", "1")
    assert EnvVarSecret("H4_SECRET").run() == "1"
    assert EnvVarSecret("H4_SECRET", cast=int).run() == 1
    assert EnvVarSecret("X").run(name="H4_SECRET") == "1"
    monkeypatch.delenv("H4_SECRET")
    assert EnvVarSecret("H4_SECRET", cast=int).run() is None
    with pytest.raises(ValueError, match="Environment variable not set: H4_SECRET"):
        EnvVarSecret("H4_SECRET", raise_if_missing=True).run()


def test_secrets_are_fetched_again_when_a_run_goes_on():
    """A finished secret task runs once more: its state has no value."""
    with Flow("test") as flow:
        secret = PrefectSecret("X")
        flow.add_task(secret)
    with context(secrets={"X": 1}):
        state = flow.run()
    with context(secrets={"X": 2}):
        again = flow.run(task_states=state.result)
    assert again.result[secret].result == 2


def test_a_secret_that_was_sent_is_fetched_where_nothing_was_imported():
    """A state with a secret's name is all that another process needs."""
    with context(secrets={"token": "hidden"}):
        with Flow("f") as flow:
            secret = PrefectSecret("token")()
        state = flow.run().result[secret]
    program = """if True:
        import json, sys
        from prefect_results import State, context
        with context(secrets={"token": "known here"}):
            print(State.deserialize(json.loads(sys.argv[1])).load_result().result)
    """
    sent = json.dumps(state.serialize())
    assert "hidden" not in sent
    found = subprocess.run([sys.executable, "-c", program, sent], capture_output=True, text=True)
    assert (found.stdout, found.stderr) == ("known here\n", "")
