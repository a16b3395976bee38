"""Containers of Azure Blob Storage, by azure-storage-blob.

Not here: what all object storage has in common.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from prefect_results.exceptions import (
    ConfigurationError,
    Conflict,
    MissingExtra,
    NotFound,
    PermissionDenied,
    StorageError,
    Unavailable,
    UnsafeLocation,
)
from prefect_results.filesystems.objects import PART, ObjectFileSystem
from prefect_results.filesystems.retrying import Retries
from prefect_results.filesystems.stored import Stored
from prefect_results.filesystems.uploads import Upload

if TYPE_CHECKING:
    from prefect_results.filesystems.digest import Data

STATUSES: dict[int, type[StorageError]] = {
    401: PermissionDenied,
    403: PermissionDenied,
    404: NotFound,
    408: Unavailable,
    409: Conflict,
    412: Conflict,
    429: Unavailable,
}
# Errors of azure-core, by name: it is imported on first use only. Those with a status follow it.
ERRORS: dict[str, type[StorageError]] = {
    "ServiceRequestError": Unavailable,
    "ServiceResponseError": Unavailable,
    "IncompleteReadError": Unavailable,
    "DecodeError": Unavailable,
    # Without a status there was no whole answer.
    "HttpResponseError": Unavailable,
    "ClientAuthenticationError": PermissionDenied,
    "ResourceNotFoundError": NotFound,
    "ResourceExistsError": Conflict,
    "ResourceModifiedError": Conflict,
}
# Codes of answers whose status says something else.
CODES: dict[str, type[StorageError]] = {
    "ContainerBeingDeleted": Unavailable,
    "ServerBusy": Unavailable,
    "OperationTimedOut": Unavailable,
    "InternalError": Unavailable,
    "InvalidBlockList": StorageError,
}


class AzureFileSystem(ObjectFileSystem):
    """Blobs in a container of Azure Blob Storage.

    Args:
        bucket: name of the container.
        prefix: what all names start with; empty by default.
        connection_string: how to connect, or a function that returns it, which is called in each
            process. One without a key or signature is used with `azure.identity`'s
            `DefaultAzureCredential`, as in Prefect 1.4.1.
        account_url: instead of a connection string: `https://ACCOUNT.blob.core.windows.net`.
        credential: for the account URL: what azure-storage-blob takes; by default a
            `DefaultAzureCredential`.
        retries: how often and how long a request is tried again.
        part_size: bytes of one request of a large upload or download.
    """

    __slots__ = ("account_url", "connection_string", "credential")

    extra = "azure"
    scheme = "azure"
    credentials_from = (
        "the connection string (argument, secret or "
        "AZURE_STORAGE_CONNECTION_STRING), or `account_url` with `credential`"
    )

    def __init__(
        self,
        bucket: str,
        prefix: str = "",
        connection_string: str | Callable[[], str] | None = None,
        account_url: str | None = None,
        credential: Any = None,
        retries: Retries | None = None,
        part_size: int = PART,
    ) -> None:
        super().__init__(bucket, prefix, retries, part_size)
        self.connection_string = connection_string
        self.account_url = account_url
        self.credential = credential

    def _settings(self) -> tuple[Any, ...]:
        return (self.connection_string, self.account_url, self.credential)

    def _client_key(self) -> Any:
        given = self.connection_string
        return (super()._client_key(), given() if callable(given) else given)

    def _make_client(self) -> Any:
        try:
            from azure.storage.blob import BlobServiceClient
        except ImportError as exc:
            raise MissingExtra(package="azure-storage-blob", extra="azure") from exc
        options: dict[str, Any] = {
            "retry_total": 0,
            "connection_timeout": min(self.retries.timeout, 20),
            "read_timeout": self.retries.timeout,
            "max_single_get_size": self.part_size,
            "max_chunk_get_size": self.part_size,
            "max_single_put_size": max(self.part_size, 64 * 1024 * 1024),
        }
        given = self.connection_string
        if self.account_url is not None:
            credential = self.credential or _default_credential()
            return BlobServiceClient(self.account_url, credential=credential, **options)
        text = given() if callable(given) else given
        if not text:
            raise ConfigurationError(
                "There is no Azure connection string: give `connection_string`, the name of a "
                "secret as `connection_string_secret`, or `account_url`."
            )
        keyed = "AccountKey=" in text or "SharedAccessSignature=" in text
        credential = self.credential or (None if keyed else _default_credential())
        try:
            return BlobServiceClient.from_connection_string(text, credential=credential, **options)
        except ValueError as exc:
            # Its words are dropped: they may hold the string.
            raise ConfigurationError(
                "The Azure connection string cannot be read: "
                f"{type(exc).__name__}; copy it from the account's access keys"
            ) from None

    def _error(self, exc: Exception) -> type[StorageError]:
        code = getattr(exc, "error_code", None)
        if code in CODES:
            return CODES[code]
        status = getattr(exc, "status_code", None)
        for kind in type(exc).__mro__:
            if kind.__name__ in ERRORS and (not status or kind.__name__ == "DecodeError"):
                return ERRORS[kind.__name__]
        if isinstance(status, int):
            return Unavailable if status >= 500 else STATUSES.get(status, StorageError)
        if isinstance(exc, (ConnectionError, TimeoutError)):
            return Unavailable
        return Unavailable if type(exc).__module__.startswith("urllib3.") else StorageError

    def _blob(self, key: str) -> Any:
        return self.client().get_blob_client(self.bucket, key)

    def _store(self, key: str, data: Data, metadata: dict[str, str], absent: bool) -> None:
        self._blob(key).upload_blob(bytes(data), overwrite=not absent, metadata=metadata)

    def _fetch(self, key: str, start: int, count: int, version: str | None) -> tuple[bytes, Stored]:
        from azure.core import MatchConditions

        same = {"etag": version, "match_condition": MatchConditions.IfNotModified}
        try:
            answer = self._blob(key).download_blob(
                offset=start, length=count, **(same if version else {})
            )
        except Exception as exc:
            if getattr(exc, "error_code", None) != "InvalidRange" or start:
                raise
            # No range fits an empty blob.
            return b"", self._head(key)
        data: bytes = answer.readall()
        found = _stored(key, answer.properties)
        # The downloader says the size of the part, and of the whole in the range only.
        whole = (answer.properties.content_range or "").rpartition("/")[2]
        found.size = int(whole) if whole.isdigit() else found.size
        return data, found

    def _key(self, location: str) -> str:
        key = super()._key(location)
        if "\\" in location or any(part.endswith(".") for part in location.split("/")):
            raise UnsafeLocation(
                f"The location {location!r:.200} has a backslash, or a part that ends with a dot; "
                "Azure changes both",
                location=location,
            )
        return key

    def _head(self, key: str) -> Stored:
        return _stored(key, self._blob(key).get_blob_properties())

    def _remove(self, key: str) -> None:
        self._blob(key).delete_blob()

    def _page(self, prefix: str, token: Any) -> tuple[list[Stored], Any]:
        container = self.client().get_container_client(self.bucket)
        pages = container.list_blobs(name_starts_with=prefix or None, include=["metadata"]).by_page(
            token
        )
        page = [_stored(blob.name, blob) for blob in next(pages, ())]
        return page, pages.continuation_token or None

    def _begin(self, key: str, metadata: dict[str, str]) -> Upload:
        return _Blocks(self, key, metadata)

    def __reduce__(self) -> tuple[Any, ...]:
        return AzureFileSystem, (
            self.bucket, self.prefix, self.connection_string, self.account_url, self.credential,
            self.retries, self.part_size,
        )  # fmt: skip


class _Blocks(Upload):
    """Blocks of a blob, which are no blob before their list is committed."""

    __slots__ = ("_blob", "_names", "_prefix", "_token")

    def __init__(self, filesystem: AzureFileSystem, key: str, metadata: dict[str, str]) -> None:
        self._blob = filesystem._blob(key)
        self._token = metadata
        # Blocks of another upload to the same name are not taken for these.
        self._prefix = metadata["prefecttoken"][:16]
        self._names: dict[int, str] = {}

    def part(self, number: int, start: int, data: memoryview, last: bool) -> None:
        name = base64.b64encode(f"{self._prefix}{number:08d}".encode()).decode()
        self._blob.stage_block(name, bytes(data), length=len(data))
        self._names[number] = name

    def complete(self, metadata: dict[str, str]) -> None:
        from azure.storage.blob import BlobBlock

        blocks = [BlobBlock(name) for _, name in sorted(self._names.items())]
        try:
            self._blob.commit_block_list(blocks, metadata={**self._token, **metadata})
        except Exception as exc:
            # The blocks are gone once a try, whose answer was lost, committed them.
            if getattr(exc, "error_code", None) != "InvalidBlockList":
                raise
            if self._blob.get_blob_properties().metadata.get("prefecttoken") != self._token.get(
                "prefecttoken"
            ):
                raise

    def abort(self) -> None:
        """Nothing: blocks that were not committed are no blob, and Azure drops them in a week."""


def _default_credential() -> Any:
    try:
        from azure.identity import DefaultAzureCredential
    except ImportError as exc:
        raise MissingExtra(package="azure-identity", extra="azure") from exc
    return DefaultAzureCredential()


def _stored(key: str, properties: Any) -> Stored:
    modified = properties.last_modified.timestamp() if properties.last_modified else None
    return Stored(key, properties.size, modified, properties.metadata, properties.etag)
