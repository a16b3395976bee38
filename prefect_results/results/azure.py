"""Results in containers of Azure Blob Storage.

Not here: how the container is reached; a filesystem does that.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from prefect_results.results.credentials import SecretText
from prefect_results.results.registry import register_result_type
from prefect_results.results.stored import StoredResult

if TYPE_CHECKING:
    from prefect_results.filesystems.azure import AzureFileSystem


@register_result_type
class AzureResult(StoredResult):
    """Keeps values as blobs in a container of Azure Blob Storage (Prefect 1.4.1).

    A connection string or a credential is in no wire form, pickle or repr: another process gets
    it from the environment (`AZURE_STORAGE_CONNECTION_STRING`) or from the secret.

    Args:
        container: name of the container.
        connection_string: how to connect; by default what the environment says.
        connection_string_secret: name of a secret that holds the connection string, where there
            is no other; none by default.
        account_url: instead of a connection string, `https://ACCOUNT.blob.core.windows.net`. What
            follows a `?` is taken for a shared access signature, and kept as the credential.
        credential: for the account URL, what azure-storage-blob takes; azure-identity's
            `DefaultAzureCredential` by default.
        **kwargs: of `Result`: value, location, serializer.
    """

    __slots__ = (
        "_connection_string",
        "_credential",
        "account_url",
        "connection_string_secret",
        "container",
    )

    wire_fields = ("container",)
    _extras = {
        "container": None,
        "_connection_string": None,
        "connection_string_secret": None,
        "account_url": None,
        "_credential": None,
    }
    _private = frozenset(("_connection_string", "_credential"))

    container: str
    connection_string_secret: str | None
    account_url: str | None
    _connection_string: str | None
    _credential: Any

    def __init__(
        self,
        container: str,
        connection_string: str | None = None,
        connection_string_secret: str | None = None,
        account_url: str | None = None,
        credential: Any = None,
        **kwargs: Any,
    ) -> None:
        self.container = container
        self._connection_string = connection_string
        self.connection_string_secret = connection_string_secret
        bare, _, signature = (account_url or "").partition("?")
        self.account_url = bare or None
        self._credential = credential or signature or None
        super().__init__(**kwargs)

    @property
    def connection_string(self) -> str | None:
        """How to connect: what was given, or what the environment of this process says."""
        return self._connection_string or os.getenv("AZURE_STORAGE_CONNECTION_STRING")

    @property
    def filesystem(self) -> AzureFileSystem:
        """The blobs of the container."""
        from prefect_results.filesystems.azure import AzureFileSystem

        if self.account_url:
            return AzureFileSystem(
                self.container, account_url=self.account_url, credential=self._credential
            )
        found: Any = self.connection_string
        if not found and self.connection_string_secret:
            found = SecretText(self.connection_string_secret)
        return AzureFileSystem(self.container, connection_string=found, credential=self._credential)

    @property
    def service(self) -> Any:
        """The account, as azure-storage-blob's `BlobServiceClient`."""
        return self.filesystem.client()
