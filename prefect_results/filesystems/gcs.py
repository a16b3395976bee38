"""Buckets of Google Cloud Storage, by google-cloud-storage.

Not here: what all object storage has in common, and the streams of large objects.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from prefect_results.context import context
from prefect_results.exceptions import (
    Conflict,
    MissingExtra,
    NotFound,
    PermissionDenied,
    StorageError,
    Unavailable,
)
from prefect_results.filesystems.gcs_streams import ResumableUpload, StreamedDownload
from prefect_results.filesystems.objects import PART, ObjectFileSystem
from prefect_results.filesystems.retrying import Retries
from prefect_results.filesystems.stored import Stored

if TYPE_CHECKING:
    from prefect_results.filesystems.digest import Data
    from prefect_results.filesystems.downloads import Download
    from prefect_results.filesystems.uploads import Upload

STATUSES: dict[int, type[StorageError]] = {
    401: PermissionDenied,
    403: PermissionDenied,
    404: NotFound,
    408: Unavailable,
    409: Conflict,
    412: Conflict,
    429: Unavailable,
}
# Errors of Google's libraries and of requests, by name: they are imported on first use only.
ERRORS: dict[str, type[StorageError]] = {
    "TransportError": Unavailable,
    "TransferStalledError": Unavailable,
    "MissingStatusHeaderError": Unavailable,
    "RetryError": Unavailable,
    "DataCorruption": Unavailable,
    "ConnectionError": Unavailable,
    "Timeout": Unavailable,
    "TimeoutError": Unavailable,
    "ChunkedEncodingError": Unavailable,
    "ContentDecodingError": Unavailable,
    "GoogleAuthError": PermissionDenied,
}
# Sizes of parts are multiples of this, the last one's apart.
_STEP = 256 * 1024


class GCSFileSystem(ObjectFileSystem):
    """Objects in a bucket of Google Cloud Storage.

    Credentials are Google's application default ones; `GCP_CREDENTIALS` in the context's secrets
    (the JSON of a service account's key, as a dict) comes first, as in Prefect 1.4.1. Where
    `STORAGE_EMULATOR_HOST` is set that server is used, without credentials.

    Args:
        bucket: name of the bucket.
        prefix: what all keys start with; empty by default.
        credentials: an object of google-auth, or a dict as in `GCP_CREDENTIALS`; those of the
            environment by default.
        project: of the client; that of the credentials by default.
        retries: how often and how long a request is tried again.
        part_size: bytes of one request of a large upload or download, a multiple of 256 KiB.
    """

    __slots__ = ("credentials", "project")

    extra = "gcs"
    scheme = "gs"
    credentials_from = (
        "`credentials`, the secret GCP_CREDENTIALS, or Google's application default credentials"
    )

    def __init__(
        self,
        bucket: str,
        prefix: str = "",
        credentials: Any = None,
        project: str | None = None,
        retries: Retries | None = None,
        part_size: int = PART,
    ) -> None:
        super().__init__(bucket, prefix, retries, -(-part_size // _STEP) * _STEP)
        self.credentials = credentials
        self.project = project

    def _settings(self) -> tuple[Any, ...]:
        return (self.credentials, self.project)

    def _client_key(self) -> Any:
        secret = (context.get("secrets") or {}).get("GCP_CREDENTIALS")
        host = os.environ.get("STORAGE_EMULATOR_HOST")
        return (super()._client_key(), repr(secret), host)

    def _make_client(self) -> Any:
        try:
            from google.cloud import storage
        except ImportError as exc:
            raise MissingExtra(package="google-cloud-storage", extra="gcs") from exc
        credentials, project = self.credentials, self.project
        credentials = credentials or (context.get("secrets") or {}).get("GCP_CREDENTIALS")
        if isinstance(credentials, dict):
            from google.oauth2.service_account import Credentials

            load: Any = Credentials.from_service_account_info
            credentials = load(dict(credentials))
            project = project or credentials.project_id
        return storage.Client(project=project, credentials=credentials)

    def _error(self, exc: Exception) -> type[StorageError]:
        status = getattr(exc, "code", None)
        if not isinstance(status, int):
            status = getattr(getattr(exc, "response", None), "status_code", None)
        if isinstance(status, int):
            return Unavailable if status >= 500 else STATUSES.get(status, StorageError)
        for kind in type(exc).__mro__:
            if kind.__name__ in ERRORS:
                return ERRORS[kind.__name__]
        return Unavailable if type(exc).__module__.startswith("urllib3.") else StorageError

    def _blob(self, key: str, **options: Any) -> Any:
        return self.client().bucket(self.bucket).blob(key, **options)

    def _store(self, key: str, data: Data, metadata: dict[str, str], absent: bool) -> None:
        blob = self._blob(key)
        blob.metadata = metadata
        blob.upload_from_string(
            bytes(data),
            content_type="application/octet-stream",
            if_generation_match=0 if absent else None,
            checksum="crc32c",
            timeout=self.retries.timeout,
            retry=None,
        )

    def _fetch(self, key: str, start: int, count: int, version: str | None) -> tuple[bytes, Stored]:
        # The answer to a download does not say what a later part must be compared with.
        found = self._head(key)
        if not found.size or found.size > count:
            # What is large comes in one answer, which `_download` reads part by part.
            return b"", found
        try:
            data: bytes = self._blob(key).download_as_bytes(
                raw_download=True,
                if_generation_match=int(found.version) if found.version else None,
                timeout=self.retries.timeout,
                retry=None,
            )
        except Exception as exc:
            if self._error(exc) in (Conflict, NotFound):
                raise Unavailable(
                    f"gs://{self.bucket}/{key} was replaced between two requests", location=key
                ) from exc
            raise
        return data, found

    def _download(self, key: str, found: Stored) -> Download:
        path = f"/download/storage/v1{self._blob(key).path}?alt=media"
        return StreamedDownload(self, path, found.version)

    def _head(self, key: str) -> Stored:
        blob = self._blob(key)
        blob.reload(timeout=self.retries.timeout, retry=None)
        return _stored(blob)

    def _remove(self, key: str) -> None:
        self._blob(key).delete(timeout=self.retries.timeout, retry=None)

    def _page(self, prefix: str, token: Any) -> tuple[list[Stored], Any]:
        found = self.client().list_blobs(
            self.bucket, prefix=prefix, page_token=token, page_size=1000,
            timeout=self.retries.timeout, retry=None,
        )  # fmt: skip
        page = [_stored(blob) for blob in next(found.pages, ())]
        return page, found.next_page_token

    def _begin(self, key: str, metadata: dict[str, str]) -> Upload:
        blob = self._blob(key)
        blob.metadata = metadata
        url = blob.create_resumable_upload_session(
            content_type="application/octet-stream",
            timeout=self.retries.timeout,
            checksum=None,
            retry=None,
        )
        return ResumableUpload(self, key, url, metadata)

    def send(self, method: str, url: str, headers: dict[str, str], **options: Any) -> Any:
        """Do a request of its own, as the client would; of an absolute URL, or a path of the API.

        Returns:
            The answer of `requests`, whatever its status.
        """
        client = self.client()
        if url.startswith("/"):
            url = client.api_endpoint + url
        return client._http.request(
            method, url, headers=headers, timeout=self.retries.timeout, allow_redirects=False,
            **options,
        )  # fmt: skip

    def patch(self, key: str, generation: str, metadata: dict[str, str]) -> None:
        """Set the metadata of an object, unless it was replaced meanwhile."""
        blob = self._blob(key)
        blob.metadata = metadata
        try:
            blob.patch(
                if_generation_match=int(generation), timeout=self.retries.timeout, retry=None
            )
        except Exception as exc:
            if self._error(exc) not in (Conflict, NotFound):
                raise

    def __reduce__(self) -> tuple[Any, ...]:
        return GCSFileSystem, (
            self.bucket, self.prefix, self.credentials, self.project, self.retries, self.part_size
        )  # fmt: skip


def _stored(blob: Any) -> Stored:
    modified = blob.updated.timestamp() if blob.updated else None
    version = str(blob.generation) if blob.generation else None
    return Stored(blob.name, blob.size, modified, dict(blob.metadata or {}), version)
