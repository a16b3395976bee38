"""Secrets by name: from the context, which the configuration fills, or from the API.

What belongs here: finding the value of a secret. What does not: the tasks that do so in a flow
run (`prefect_results.tasks.secrets`).
"""

from __future__ import annotations

from typing import Any

from prefect_results import configuration
from prefect_results.clients import make_client
from prefect_results.context import context
from prefect_results.core.flow import Flow
from prefect_results.exceptions import ClientError
from prefect_results.results.credentials import register_secret_lookup


class Secret:
    """The name of a secret, whose value is looked up when asked for.

    Local secrets come from `context.secrets`, which starts as the section `[context.secrets]` of
    the configuration or as variables named `PREFECT__CONTEXT__SECRETS__NAME`. The API is asked
    for others if the setting `cloud.use_local_secrets` is False and `backend` is "cloud".

    Args:
        name: The secret's name.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._client: Any = None

    @property
    def client(self) -> Any:
        """The client of the API, made on first use."""
        if self._client is None:
            self._client = make_client()
        return self._client

    def _may_ask_api(self) -> bool:
        return (
            configuration.config.backend == "cloud"
            and context.config.cloud.use_local_secrets is False
        )

    def exists(self) -> bool:
        """Return whether there is such a secret."""
        if self.name in (context.get("secrets") or {}):
            return True
        if not self._may_ask_api():
            return False
        return self.name in self.client.graphql("query{secret_names}").data.secret_names

    def get(self) -> Any:
        """Return the secret's value; text that is JSON is read as such.

        Raises:
            ValueError: There is no such local secret, or a flow is being defined.
            KeyError: The API knows no such secret.
            ClientError: The API could not be asked.
        """
        if isinstance(context.get("flow"), Flow):
            raise ValueError(
                "Secrets should only be retrieved during a Flow run, not while building a Flow."
            )
        secrets = context.get("secrets") or {}
        if self.name in secrets:
            return _from_json(secrets[self.name])
        if not self._may_ask_api():
            raise ValueError(f'Local Secret "{self.name}" was not found.')
        return _from_json(self._ask_api())

    def _ask_api(self) -> Any:
        try:
            answer = self.client.graphql(
                "query($name: String!) { secret_value(name: $name) }",
                variables={"name": self.name},
            )
        except ClientError as exc:
            if "No value found for the requested key" not in str(exc):
                raise
            raise KeyError(
                f"The secret {self.name} was not found.  Please ensure that it was set correctly "
                "in your tenant: https://docs.prefect.io/orchestration/concepts/secrets.html"
            ) from exc
        return answer.to_dict()["data"]["secret_value"]


register_secret_lookup(lambda name: Secret(name).get())


def _from_json(value: Any) -> Any:
    """Return what JSON text says; anything else as it is."""
    import json

    try:
        return json.loads(value)
    except (ValueError, TypeError):
        return value
