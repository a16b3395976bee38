"""Who a client talks to, as whom, and how a response becomes a result or an error.

What belongs here: one request. What does not: the methods that know what to ask (`projects`,
`flow_runs`, `task_runs`, `extras`).
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urljoin
from uuid import UUID

from prefect_results.backend.client.graphql import GraphQLResult, explained, parse_graphql
from prefect_results.backend.client.http import Response, Transport
from prefect_results.backend.client.local import LocalApi, default_api, is_local
from prefect_results.configuration import config
from prefect_results.context import context
from prefect_results.exceptions import AuthorizationError, ClientError, VersionLockMismatchSignal
from prefect_results.version import __version__

JSONLike = Any
_API_TRIES = 6

sleep: Callable[[float], None] = time.sleep


class BaseClient:
    """Sends queries to an API; see `Client`."""

    def __init__(
        self,
        api_server: str | None = None,
        api_key: str | None = None,
        tenant_id: str | None = None,
    ) -> None:
        settings = context.config.cloud
        self.api_key = api_key or settings.get("api_key") or None
        self._local: LocalApi | None = None
        if api_server is None and is_local(self.api_key):
            self._local = LocalApi()
        self.api_server = api_server or (self._local.url if self._local else default_api())
        self._attached_headers: dict[str, str] = {}
        self._transports: dict[str, Transport] = {}
        self._tenant_id: str | None = None
        self.tenant_id = tenant_id or settings.get("tenant_id") or None

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.api_server!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        # Without the key, which the other process has in its own configuration.
        return (type(self), (None if self._local else self.api_server,))

    @property
    def tenant_id(self) -> str:
        """The id of the tenant; by default the first that the API has.

        Raises:
            ClientError: The API has no tenant.
        """
        if self._tenant_id is None:
            tenants = self.request("query { tenant { id } }").get("tenant")
            if not tenants:
                raise ClientError(
                    "Your Prefect Server instance has no tenants. Create a tenant with "
                    "`prefect server create-tenant`"
                )
            self._tenant_id = tenants[0]["id"]
        return self._tenant_id

    @tenant_id.setter
    def tenant_id(self, tenant_id: str | UUID | None) -> None:
        if not tenant_id:
            self._tenant_id = None
            return
        try:
            self._tenant_id = str(UUID(str(tenant_id)))
        except ValueError as exc:
            raise ValueError(f"The `tenant_id` must be a valid UUID. Got {tenant_id!r}.") from exc

    def attach_headers(self, headers: Mapping[str, str]) -> None:
        """Send headers with every request from now on."""
        self._attached_headers.update(headers)

    def get(
        self,
        path: str,
        server: str | None = None,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, JSONLike] | None = None,
        api_key: str | None = None,
        retry_on_api_error: bool = True,
    ) -> Any:
        """Send a GET request and return the JSON of the answer.

        Args:
            path: Below the URL of the server.
            server: URL of the server; that of the client by default.
            headers: What is sent beside.
            params: What is added to the URL.
            api_key: The key; that of the client by default.
            retry_on_api_error: Whether to try again when the answer has the error `API_ERROR`.

        Raises:
            ClientError: The server refuses, or its answer is not JSON.
            ApiUnavailable: It cannot be reached.
        """
        return self._asked("GET", path, server, headers, params, api_key, retry_on_api_error)

    def post(
        self,
        path: str,
        server: str | None = None,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, JSONLike] | None = None,
        api_key: str | None = None,
        retry_on_api_error: bool = True,
    ) -> Any:
        """Send a POST request with `params` as JSON; see `get`."""
        return self._asked("POST", path, server, headers, params, api_key, retry_on_api_error)

    def graphql(
        self,
        query: Any,
        raise_on_error: bool = True,
        headers: Mapping[str, str] | None = None,
        variables: Mapping[str, JSONLike] | None = None,
        api_key: str | None = None,
        retry_on_api_error: bool = True,
    ) -> Any:
        """Send a query and return the response, with its keys as attributes.

        Args:
            query: Text, or Python objects as `parse_graphql` takes them.
            raise_on_error: Whether errors in the response are raised.
            headers: What is sent beside.
            variables: The query's variables.
            api_key: The key; that of the client by default.
            retry_on_api_error: As for `get`.

        Raises:
            AuthorizationError: The API does not accept the key.
            VersionLockMismatchSignal: A state was set by somebody else meanwhile.
            ClientError: The API reports another error.
            ApiUnavailable: It cannot be reached.
        """
        text = parse_graphql(query)
        result = self._sent(text, variables, headers, api_key, retry_on_api_error)
        if raise_on_error and "errors" in result:
            _raise(result["errors"])
        return GraphQLResult(result)

    def request(self, query: str, variables: Mapping[str, JSONLike] | None = None) -> Any:
        """Send a query and return its data as plain dictionaries; errors as for `graphql`."""
        result = self._sent(query, variables, None, None, True)
        if result.get("errors"):
            _raise(result["errors"])
        data = result.get("data")
        if not isinstance(data, dict):
            raise ClientError(f"{self.api_server} sent no data for the query {query!r}: {result}")
        return data

    def mutate(self, name: str, /, **values: JSONLike) -> Any:
        """Call a mutation and return what it gives back.

        Args:
            name: Its name, and what is selected of its result: `create_project { id }`.
            **values: Its input.
        """
        name, _, selection = name.partition(" ")
        query = f"mutation($input: {name}_input!) {{ {name}(input: $input) {selection} }}"
        return self.request(query, {"input": values})[name]

    def _sent(
        self,
        text: str,
        variables: Mapping[str, JSONLike] | None,
        headers: Mapping[str, str] | None,
        api_key: str | None,
        retry: bool,
    ) -> Any:
        if self._local is not None:
            return self._local.execute(text, variables)
        params = {"query": text, "variables": json.dumps(variables)}
        return self.post(
            path="",
            server=self.api_server,
            headers=headers,
            params=params,
            api_key=api_key,
            retry_on_api_error=retry,
        )

    def _asked(
        self,
        method: str,
        path: str,
        server: str | None,
        headers: Mapping[str, str] | None,
        params: Mapping[str, JSONLike] | None,
        api_key: str | None,
        retry: bool,
    ) -> Any:
        url = urljoin(server or self.api_server, path.lstrip("/")).rstrip("/")
        sent = self._headers(headers, api_key or self.api_key)
        for attempt in range(_API_TRIES + 1):
            answer = self._exchange(method, url, sent, params)
            content = _content(answer, url, params)
            errors = content.get("errors") if isinstance(content, dict) else None
            if not (retry and "API_ERROR" in str(errors)) or attempt == _API_TRIES:
                break
            sleep(0.25 * 2**attempt)
        return content

    def _headers(self, headers: Mapping[str, str] | None, api_key: str | None) -> dict[str, str]:
        sent = {"Content-Type": "application/json", **(headers or {})}
        if api_key:
            sent["Authorization"] = f"Bearer {api_key}"
            if self._tenant_id:
                sent["X-PREFECT-TENANT-ID"] = self._tenant_id
        sent["X-PREFECT-CORE-VERSION"] = __version__
        return {**sent, **self._attached_headers}

    def _exchange(
        self, method: str, url: str, headers: dict[str, str], params: Mapping[str, Any] | None
    ) -> Response:
        transport = self._transports.get(url)
        if transport is None:
            timeout = float(config.cloud.request_timeout)
            transport = self._transports[url] = Transport(url, timeout)
        if method == "POST":
            return transport.send(method, body=json.dumps(params or {}).encode(), headers=headers)
        return transport.send(method, query=params, headers=headers)

    def close(self) -> None:
        """Close the connections that are kept."""
        for transport in self._transports.values():
            transport.close()


def _content(answer: Response, url: str, params: Mapping[str, Any] | None) -> Any:
    try:
        content = json.loads(answer.body) if answer.body else {}
    except ValueError as exc:
        raise ClientError(
            f"Malformed response received from API: {url} answered with status {answer.status} "
            f"and no JSON: {answer.body[:200]!r}"
        ) from exc
    if answer.status < 400:
        return content
    errors: Sequence[Any] = content.get("errors") or () if isinstance(content, dict) else ()
    told = explained(errors, str((params or {}).get("query", "")))
    error = AuthorizationError if answer.status in (401, 403) else ClientError
    raise error(f"{url} answered with status {answer.status}.\n{told}")


def _raise(errors: Any) -> None:
    told = str(errors)
    if "UNAUTHENTICATED" in told or "Malformed Authorization header" in told:
        raise AuthorizationError(errors)
    extensions = errors[0].get("extensions") or {}
    if extensions.get("code") == "VERSION_LOCKING_ERROR":
        raise VersionLockMismatchSignal(errors)
    raise ClientError(errors)
