"""What fsspec's drivers are asked, and what they answer, in the words of the port.

Not here: what is done with the answers; nor what SFTP needs beside its driver.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

from prefect_results.exceptions import MissingExtra, NotFound, StorageError, UnsafeLocation
from prefect_results.filesystems import http
from prefect_results.filesystems.base import FileInfo
from prefect_results.filesystems.digest import Digest

# The extra of this library that brings the driver of a protocol.
_EXTRAS = {"sftp": "sftp", "ssh": "sftp", "http": "http", "https": "http"}
# What drivers take for something else than a part of a name, or store under another name.
_UNNAMEABLE = {
    **dict.fromkeys(("s3", "s3a"), re.compile(r"[\r\n]|\?versionId=")),
    **dict.fromkeys(("abfs", "abfss", "az", "adl"), re.compile(r"[\\?#\x00-\x1f]")),
}


def check_name(protocol: str, location: str) -> None:
    """Refuse a location that the driver would not find again under this name.

    Raises:
        UnsafeLocation: it has a character, or a sequence of them, that the driver gives a meaning.
    """
    pattern = _UNNAMEABLE.get(protocol)
    found = pattern.search(location) if pattern is not None else None
    if found is not None:
        raise UnsafeLocation(
            f"The driver of {protocol}:// cannot name the location {location!r:.200}: it takes "
            f"{found.group()!r} for something else than a part of a name",
            location=location,
        )


def connect(url: str, options: dict[str, Any]) -> tuple[Any, str]:
    """Return the filesystem of fsspec for a URL, and the path in it.

    Raises:
        MissingExtra: if fsspec or the driver of the protocol is not installed.
        StorageError: if the driver needs an option that is not given.
    """
    try:
        from fsspec.core import url_to_fs
    except ImportError as exc:
        raise MissingExtra(package="fsspec", extra="fsspec") from exc
    try:
        fs, root = url_to_fs(url, **options)
    except ImportError as exc:
        protocol = url.partition("://")[0]
        extra = _EXTRAS.get(protocol)
        hint = f"; `pip install 'prefect_results[{extra}]'` brings it" if extra else ""
        raise MissingExtra(f"The driver of {protocol}:// is missing: {exc}{hint}") from exc
    except TypeError as exc:
        protocol = url.partition("://")[0]
        raise StorageError(
            f"The driver of {protocol}:// does not work with the options {sorted(options)}: {exc}. "
            "Options of a result are in no state and no pickle: where it is read by others, say "
            f"them in the URL, or in the environment as FSSPEC_{protocol.upper()}_<OPTION>"
        ) from exc
    return fs, root


def write(fs: Any, path: str, pieces: Iterable[bytes]) -> None:
    """Write an object; nothing of it, where the storage can, if a piece cannot be had."""
    target = fs.open(path, "wb")
    try:
        for piece in pieces:
            target.write(piece)
    except BaseException:
        # Closing it would make the part that was written an object.
        getattr(target, "discard", target.close)()
        raise
    target.close()


def create(fs: Any, path: str, data: bytes) -> None:
    """Store an object in one request that fails if there is one.

    Raises:
        FileExistsError: if there is one.
    """
    if "abfs" in fs.protocol:
        # Releases of adlfs that do not know the mode would ignore it.
        fs.pipe_file(path, data, overwrite=False)
    else:
        fs.pipe_file(path, data, mode="create")


def hashed(file: BinaryIO, digest: Digest) -> Iterator[bytes]:
    """Read a file in pieces, and add each to a digest."""
    while piece := file.read(1 << 20):
        digest.update(piece)
        yield piece


def opened(fs: Any, path: str) -> Any:
    """Open a file for reading, and no folder."""
    # An SFTP server opens folders too, and fails on reading them.
    if fs.isdir(path):
        raise IsADirectoryError(path)
    return fs.open(path, "rb")


def kind_of(fs: Any, path: str) -> str | None:
    """What is at a path, `file` or `directory`; None if there is nothing."""
    # fsspec's own words for it say no, too, when they could not ask.
    try:
        kind: str = fs.info(path)["type"]
    except (FileNotFoundError, NotADirectoryError) as exc:
        said = http.meaning(exc) if "http" in fs.protocol else None
        if said is None or isinstance(said, NotFound):
            return None
        raise
    return kind


def info_of(location: str, found: dict[str, Any]) -> FileInfo:
    """What fsspec knows about an object."""
    modified: Any = found.get("mtime") or found.get("created") or found.get("LastModified")
    if hasattr(modified, "timestamp"):
        modified = modified.timestamp()
    return FileInfo(location, found.get("size"), modified)
