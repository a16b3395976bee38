"""Buckets of Google Cloud Storage, by google-cloud-storage.

Not here: what all object storage has in common.
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
from prefect_results.filesystems.objects import PART, ObjectFileSystem
from prefect_results.filesystems.retrying import Retries
from prefect_results.filesystems.stored import DIGEST, Stored
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
        found = Stored(key, None, version=version) if version else self._head(key)
        if found.size == 0:
            return b"", found
        whole = start == 0 and found.size is not None and found.size <= count
        try:
            data: bytes = self._blob(key).download_as_bytes(
                start=None if whole else start,
                end=None if whole else start + count - 1,
                raw_download=True,
                if_generation_match=int(found.version) if found.version else None,
                timeout=self.retries.timeout,
                retry=None,
            )
        except Exception as exc:
            if version is None and self._error(exc) in (Conflict, NotFound):
                raise Unavailable(
                    f"gs://{self.bucket}/{key} was replaced between two requests", location=key
                ) from exc
            raise
        return data, found

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
        return _Resumable(self, key, url, metadata)

    def __reduce__(self) -> tuple[Any, ...]:
        return GCSFileSystem, (
            self.bucket, self.prefix, self.credentials, self.project, self.retries, self.part_size
        )  # fmt: skip


class _Resumable(Upload):
    """A resumable upload; its URL is what authorizes each request."""

    at_a_time = 1

    __slots__ = (
        "_done",
        "_filesystem",
        "_generation",
        "_key",
        "_metadata",
        "_sent",
        "_tried",
        "_url",
    )

    def __init__(
        self, filesystem: GCSFileSystem, key: str, url: str, metadata: dict[str, str]
    ) -> None:
        self._filesystem = filesystem
        self._key = key
        self._url = url
        self._metadata = metadata
        self._sent = 0
        self._done = False
        self._tried = 0
        self._generation: str | None = None

    def part(self, number: int, data: bytes, last: bool) -> None:
        start = (number - 1) * self._filesystem.part_size
        end = start + len(data)
        total = str(end) if last else "*"
        if self._tried == number:
            # An earlier try of this part may have been taken, as a whole or not.
            self._take(self._put(f"bytes */{total}", b""), end)
        self._tried = number
        if self._sent < start:
            raise StorageError("the server lost a part of the upload")
        if self._sent < end or (last and not self._done):
            span = f"{self._sent}-{end - 1}" if end > self._sent else "*"
            self._take(self._put(f"bytes {span}/{total}", data[self._sent - start :]), end)
        if self._sent < end or (last and not self._done):
            raise Unavailable(f"the server has taken {self._sent} of {end} bytes only")

    def complete(self, metadata: dict[str, str]) -> None:
        """The last part made the object appear; its digest joins it here."""
        if self._generation is None:
            # The answer that named the object was lost: another write could be there by now.
            return
        blob = self._filesystem._blob(self._key)
        blob.metadata = {**self._metadata, DIGEST: metadata[DIGEST]}
        try:
            blob.patch(
                if_generation_match=int(self._generation),
                timeout=self._filesystem.retries.timeout,
                retry=None,
            )
        except Exception as exc:
            # Another write took its place meanwhile.
            if self._filesystem._error(exc) not in (Conflict, NotFound):
                raise

    def abort(self) -> None:
        if not self._done:
            # 499 is the answer to an upload that was cancelled.
            self._send("DELETE", {}, b"")

    def _put(self, span: str, data: bytes) -> Any:
        return self._send("PUT", {"Content-Range": span}, data)

    def _send(self, method: str, headers: dict[str, str], data: bytes) -> Any:
        return self._filesystem.client()._http.request(
            method, self._url, data=data, headers=headers,
            timeout=self._filesystem.retries.timeout, allow_redirects=False,
        )  # fmt: skip

    def _take(self, answer: Any, end: int) -> None:
        """Learn from an answer how much the server has."""
        if answer.status_code == 308:
            taken = answer.headers.get("Range", "")
            self._sent = int(taken.rpartition("-")[2]) + 1 if taken else 0
        elif answer.status_code in (200, 201):
            self._done = True
            self._sent = end
            self._generation = answer.json().get("generation")
        else:
            answer.raise_for_status()
            raise StorageError(f"an answer of status {answer.status_code} to a part")


def _stored(blob: Any) -> Stored:
    modified = blob.updated.timestamp() if blob.updated else None
    version = str(blob.generation) if blob.generation else None
    return Stored(blob.name, blob.size, modified, dict(blob.metadata or {}), version)
