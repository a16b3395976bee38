"""Large objects of Google Cloud Storage: uploads and downloads that go on where they broke off.

Google's client sends and reads them in small pieces through Python; here a request moves as much
as it can. Not here: requests for small objects.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from prefect_results.exceptions import StorageError, Unavailable
from prefect_results.filesystems.downloads import Download
from prefect_results.filesystems.stored import DIGEST
from prefect_results.filesystems.uploads import Upload

if TYPE_CHECKING:
    from prefect_results.filesystems.gcs import GCSFileSystem

# Bytes that are handed to the connection at a time; the time-out is for each.
_PIECE = 1024 * 1024


class ResumableUpload(Upload):
    """A resumable upload; its URL is what authorizes each request.

    Args:
        filesystem: does the requests.
        key: of the object.
        url: of the upload.
        metadata: that the object is made with.
    """

    at_a_time = 1
    # About what Google's client sends at once; each request costs an answer to wait for.
    most = 96 * 1024 * 1024

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

    def part(self, number: int, start: int, data: memoryview, last: bool) -> None:
        end = start + len(data)
        total = str(end) if last else "*"
        if self._tried == number:
            # An earlier try of this part may have been taken, as a whole or not.
            self._take(self._put(f"bytes */{total}"), end)
        self._tried = number
        if self._sent < start:
            raise StorageError("the server lost a part of the upload")
        if self._sent < end or (last and not self._done):
            span = f"{self._sent}-{end - 1}" if end > self._sent else "*"
            rest = data[self._sent - start :]
            self._take(self._put(f"bytes {span}/{total}", rest), end)
        if self._sent < end or (last and not self._done):
            raise Unavailable(f"the server has taken {self._sent} of {end} bytes only")

    def complete(self, metadata: dict[str, str]) -> None:
        """The last part made the object appear; its digest joins it here."""
        if self._generation is not None:
            # Without it, as the answer that names it was lost, another write could be there now.
            self._filesystem.patch(
                self._key, self._generation, {**self._metadata, DIGEST: metadata[DIGEST]}
            )

    def abort(self) -> None:
        if not self._done:
            # 499 is the answer to an upload that was cancelled.
            self._filesystem.send("DELETE", self._url, {"Content-Length": "0"})

    def _put(self, span: str, data: memoryview | None = None) -> Any:
        body = _Pieces(data) if data else b""
        return self._filesystem.send("PUT", self._url, {"Content-Range": span}, data=body)

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


class StreamedDownload(Download):
    """One answer that is read part by part; asked for again, from there, where it broke off.

    Args:
        filesystem: does the requests.
        path: of the object's data in the API.
        version: the generation that is wanted; None for any.
    """

    __slots__ = ("_answer", "_gcs", "_position", "_url")

    def __init__(self, filesystem: GCSFileSystem, path: str, version: str | None) -> None:
        self._gcs = filesystem
        self._url = f"{path}&ifGenerationMatch={version}" if version else path
        self._answer: Any = None
        self._position = 0

    def part(self, start: int, count: int) -> bytes:
        try:
            if self._answer is None or self._position != start:
                self.close()
                self._answer = self._open(start)
            data: bytes = self._answer.raw.read(count, decode_content=False)
        except BaseException:
            self.close()
            raise
        self._position = start + len(data)
        if len(data) < count:
            self.close()
            raise Unavailable(f"an answer that ends after {len(data)} of {count} bytes")
        return data

    def close(self) -> None:
        answer, self._answer = self._answer, None
        if answer is not None:
            answer.close()

    def _open(self, start: int) -> Any:
        # An object that was compressed before it was stored stays so.
        headers = {"Accept-Encoding": "gzip", **({"Range": f"bytes={start}-"} if start else {})}
        answer = self._gcs.send("GET", self._url, headers, stream=True)
        if answer.status_code != (206 if start else 200):
            answer.raise_for_status()
            raise StorageError(f"an answer of status {answer.status_code} to a download")
        return answer


class _Pieces:
    """A body of known length, sent piece by piece and, if need be, again."""

    __slots__ = ("_data",)

    def __init__(self, data: memoryview) -> None:
        self._data = data

    def __len__(self) -> int:
        return len(self._data)

    def __iter__(self) -> Iterator[memoryview]:
        for start in range(0, len(self._data), _PIECE):
            yield self._data[start : start + _PIECE]
