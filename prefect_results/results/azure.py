"""Results in containers of Azure Blob Storage.

Not here: how the container is reached; a filesystem does that.
"""

from __future__ import annotations

import os
from typing import Any

from prefect_results.exceptions import StorageError
from prefect_results.filesystems import FileSystem
from prefect_results.results.registry import register_result_type
from prefect_results.results.stored import StoredResult


@register_result_type
class AzureResult(StoredResult):
    """Keeps values as blobs in a container of Azure Blob Storage (Prefect 1.4.1).

    A connection string is in no wire form, pickle or repr: another process gets it from the
    environment (`AZURE_STORAGE_CONNECTION_STRING`) or from the secret.

    Args:
        container: name of the container.
        connection_string: how to connect; by default what the environment says.
        connection_string_secret: name of a secret that holds the connection string; none by
            default.
        **kwargs: of `Result`: value, location, serializer.
    """

    __slots__ = ("_connection_string", "connection_string_secret", "container")

    wire_fields = ("container",)
    _extras = {"container": None, "_connection_string": None, "connection_string_secret": None}
    _private = frozenset(("_connection_string",))

    container: str
    connection_string_secret: str | None
    _connection_string: str | None

    def __init__(
        self,
        container: str,
        connection_string: str | None = None,
        connection_string_secret: str | None = None,
        **kwargs: Any,
    ) -> None:
        self.container = container
        self._connection_string = connection_string
        self.connection_string_secret = connection_string_secret
        super().__init__(**kwargs)

    @property
    def connection_string(self) -> str | None:
        """How to connect: what was given, or what the environment of this process says."""
        return self._connection_string or os.getenv("AZURE_STORAGE_CONNECTION_STRING")

    @property
    def filesystem(self) -> FileSystem:
        """Raise `StorageError`: this version does not reach the container."""
        raise StorageError(
            "An AzureResult can be sent and received, but this version cannot read or write it; "
            f"FSSpecResult('abfs://{self.container}') can, with `pip install adlfs`"
        )
