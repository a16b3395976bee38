"""What the filesystems of cloud object storage have in common.

Locations are keys, below a prefix if there is one. A request that failed for a reason that may
pass is tried again; what was written carries its digest and a token of the write in the object's
metadata. Not here: any vendor's client; each has a module of its own, with the table of its errors.
"""

from __future__ import annotations

import io
import os
from abc import abstractmethod
from collections.abc import Callable, Hashable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, BinaryIO, ClassVar, TypeVar

from prefect_results.exceptions import (
    ConfigurationError,
    Conflict,
    NotFound,
    PermissionDenied,
    StorageError,
    Unavailable,
    UnsafeLocation,
)
from prefect_results.filesystems.base import FileInfo, FileSystem, checked
from prefect_results.filesystems.clients import hashable, shared
from prefect_results.filesystems.digest import digest_of, verify
from prefect_results.filesystems.downloads import Download, ObjectReader
from prefect_results.filesystems.retrying import Retries
from prefect_results.filesystems.stored import DIGEST, TOKEN, Stored
from prefect_results.filesystems.uploads import ObjectWriter, Upload

if TYPE_CHECKING:
    from typing import TypeAlias

    from prefect_results.filesystems.digest import Data

    Page: TypeAlias = tuple[list[Stored], Any]

T = TypeVar("T")

# Bytes of an upload or a download in one request.
PART = 16 * 1024 * 1024

_WORDS: dict[type[StorageError], str] = {
    NotFound: "does not exist",
    PermissionDenied: "may not be accessed",
    Conflict: "exists already",
    Unavailable: "cannot be reached",
}


class ObjectFileSystem(FileSystem):
    """Objects of a bucket, below a prefix.

    Args:
        bucket: name of the bucket, or container.
        prefix: what all keys start with, such as `flows/`; empty by default.
        retries: how often and how long a request is tried again; `Retries()` by default.
        part_size: bytes of one request of a large upload or download. 16 MiB by default; up to
            five times as much is held in memory.
    """

    __slots__ = ("bucket", "part_size", "prefix", "retries")

    # Names the extra that installs the client.
    extra: ClassVar[str]
    scheme: ClassVar[str]
    # Says where credentials come from.
    credentials_from: ClassVar[str]
    # The most bytes that a key may have.
    longest_key: ClassVar[int] = 1024

    def __init__(
        self,
        bucket: str,
        prefix: str = "",
        retries: Retries | None = None,
        part_size: int = PART,
    ) -> None:
        self.bucket = bucket
        self.prefix = prefix
        self.retries = Retries() if retries is None else retries
        self.part_size = part_size

    # -- what a vendor does; its errors are translated by the callers ---------------------------

    @abstractmethod
    def _make_client(self) -> Any:
        """Make a client; called once in each process for equal filesystems."""

    @abstractmethod
    def _settings(self) -> tuple[Any, ...]:
        """What, beside the bucket, makes a filesystem equal to another one."""

    @abstractmethod
    def _error(self, exc: Exception) -> type[StorageError]:
        """The error of the port that means what one of the vendor says."""

    @abstractmethod
    def _store(self, key: str, data: Data, metadata: dict[str, str], absent: bool) -> None:
        """Store an object in one request; only if there is none, when `absent`."""

    @abstractmethod
    def _fetch(self, key: str, start: int, count: int, version: str | None) -> tuple[bytes, Stored]:
        """Read a part of an object, of that version; `start` is within it or zero.

        A vendor whose `_download` does it all may return nothing of an object of more than that.
        """

    def _download(self, key: str, found: Stored) -> Download:
        """What asks for the parts of a large object, after the first one."""
        return Download(self, key, found.version)

    @abstractmethod
    def _head(self, key: str) -> Stored:
        """Ask about an object."""

    @abstractmethod
    def _remove(self, key: str) -> None:
        """Delete an object; no error, or the vendor's, if there is none."""

    @abstractmethod
    def _page(self, prefix: str, token: Any) -> Page:
        """Some objects whose keys start with a prefix, and a token for more, or None."""

    @abstractmethod
    def _begin(self, key: str, metadata: dict[str, str]) -> Upload:
        """Begin an upload in parts."""

    # -- the port -------------------------------------------------------------------------------

    def get(self, location: str) -> bytes:
        """Return all bytes of an object."""
        with self.open_read(location) as file:
            return file.read()

    def put(self, location: str, data: Data) -> FileInfo:
        """Store an object, instead of one that is there already."""
        if memoryview(data).nbytes > self.part_size:
            with ObjectWriter(self, location, self._key(location)) as file:
                file.write(data)
            return file.info  # type: ignore[attr-defined,no-any-return]
        return self.store(location, data, absent=False)

    def put_if_absent(self, location: str, data: Data) -> FileInfo:
        """Store an object unless there is one."""
        return self.store(location, data, absent=True)

    def exists(self, location: str) -> bool:
        """Whether there is an object."""
        key = self._key(location)
        try:
            self.do(location, lambda number: self._head(key))
        except NotFound:
            return False
        return True

    def stat(self, location: str) -> FileInfo:
        """Size, time and digest of an object."""
        key = self._key(location)
        found = self.do(location, lambda number: self._head(key))
        return FileInfo(location, found.size, found.modified, found.metadata.get(DIGEST))

    def delete(self, location: str) -> None:
        """Remove an object."""
        key = self._key(location)

        def attempt(number: int) -> None:
            try:
                self._head(key)
                self._remove(key)
            except Exception as exc:
                # The answer to the try before may have been lost.
                if number > 1 and self._error(exc) is NotFound:
                    return
                raise

        self.do(location, attempt)

    def list(self, prefix: str = "") -> Iterator[FileInfo]:
        """Every object whose location starts with a prefix, ordered by location."""
        skipped = len(self.prefix)
        token: Any = None
        while True:
            page, token = self.do(prefix or ".", partial(self._next_page, prefix, token))
            for found in page:
                digest = found.metadata.get(DIGEST)
                yield FileInfo(found.key[skipped:], found.size, found.modified, digest)
            if token is None:
                return

    def _next_page(self, prefix: str, token: Any, number: int) -> Page:
        return self._page(self.prefix + prefix, token)

    def open_read(self, location: str) -> BinaryIO:
        """Open an object for reading; one of more than a part is read in parts."""
        key = self._key(location)
        data, found = self.do(location, lambda number: self._fetch(key, 0, self.part_size, None))
        digest = found.metadata.get(DIGEST)
        if found.size is not None and len(data) < found.size:
            reader = ObjectReader(self, location, key, data, found, digest)
            return io.BufferedReader(reader, 1024 * 1024)
        verify(location, data, found.size, digest)
        return io.BytesIO(data)

    def open_write(self, location: str) -> ObjectWriter:
        """Open an object for writing; it appears when the writer commits."""
        return ObjectWriter(self, location, self._key(location))

    # -- for the parts --------------------------------------------------------------------------

    def store(self, location: str, data: Data, absent: bool) -> FileInfo:
        """Store an object in one request.

        Raises:
            Conflict: if there must be none and there is one, which this call did not write.
        """
        key, size, digest = self._key(location), memoryview(data).nbytes, digest_of(data)
        token = os.urandom(12).hex()
        metadata = {DIGEST: digest, TOKEN: token}

        def attempt(number: int) -> None:
            try:
                self._store(key, data, metadata, absent)
            except Exception as exc:
                # An earlier try may have been carried out and its answer lost.
                if self._error(exc) is not Conflict or not self._is_ours(key, token):
                    raise

        self.do(location, attempt, writing=True)
        return FileInfo(location, size, None, digest)

    def _is_ours(self, key: str, token: str) -> bool:
        try:
            return self._head(key).metadata.get(TOKEN) == token
        except Exception as exc:
            if self._error(exc) is NotFound:
                return False
            raise

    def do(self, location: str, action: Callable[[int], T], writing: bool = False) -> T:
        """Do something that the vendor's client does: tried again, errors translated.

        Args:
            location: as the caller named it.
            action: takes the number of the try, from 1.
            writing: whether it makes an object, so that only its bucket can be missing.
        """

        def attempt(number: int) -> T:
            try:
                return action(number)
            except (StorageError, ConfigurationError, ImportError):
                raise
            except Exception as exc:
                raise self._translated(exc, location, writing) from exc

        return self.retries.run(attempt, self.extra)

    def _translated(self, exc: Exception, location: str, writing: bool) -> StorageError:
        kind = self._error(exc)
        words, remedy = _WORDS.get(kind, "failed"), ""
        if kind is NotFound and writing:
            words = "cannot be written, as its bucket does not exist"
            remedy = f"; create {self.bucket!r}, or correct the name"
        elif kind is PermissionDenied:
            remedy = f"; credentials come from {self.credentials_from}"
        elif kind is Unavailable:
            remedy = "; check the network and the endpoint"
        # Only the class and the status: a vendor's words may hold a signed URL.
        return kind(
            f"{self.scheme}://{self.bucket}/{self.prefix}{location} {words}: {_said(exc)}{remedy}",
            location=location,
        )

    def client(self) -> Any:
        """The client of this process; made on first use."""
        return shared((type(self), self._client_key()), self._make_client)

    def _client_key(self) -> Hashable:
        return hashable((self._settings(), self.retries))

    def _key(self, location: str) -> str:
        checked(location)
        if "." in location.split("/") or "\n" in location or "\r" in location:
            raise UnsafeLocation(
                f"The location {location!r:.200} has a '.' part or a line break in it, which "
                "servers change",
                location=location,
            )
        key = self.prefix + location
        if len(key.encode()) > self.longest_key:
            raise UnsafeLocation(
                f"The location {location!r:.200} is too long: a key has at most "
                f"{self.longest_key} bytes",
                location=location,
            )
        return key

    def _identity(self) -> tuple[Any, ...]:
        return type(self), self.bucket, self.prefix, self._settings()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ObjectFileSystem) and self._identity() == other._identity()

    def __hash__(self) -> int:
        return hash((type(self), self.bucket, self.prefix))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({f'{self.bucket}/{self.prefix}'.rstrip('/')!r})"


def _said(exc: Exception) -> str:
    """The class, and the status or code if there is one, of a vendor's error."""
    response = getattr(exc, "response", None)
    code = None
    if isinstance(response, dict):
        code = response.get("Error", {}).get("Code")
    code = code or getattr(exc, "error_code", None)
    code = (
        getattr(code, "value", code)
        or getattr(exc, "status_code", None)
        or getattr(exc, "code", None)
    )
    return type(exc).__name__ + (f" ({code})" if code else "")
