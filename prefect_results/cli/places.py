"""Where results lie, as people write it and as states record it: one address for one object.

What belongs here: paths and URLs. What does not: reading and writing (`filesystems`).
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

import attrs

from prefect_results.exceptions import NotFound
from prefect_results.filesystems import FileSystem, FSSpecFileSystem, LocalFileSystem

_SCHEMES = {
    "gcs": "gs",
    "s3a": "s3",
    "abfs": "az",
    "abfss": "az",
    "adl": "az",
    "ssh": "sftp",
    "local": "file",
}
_INLINE = frozenset({"PrefectResult", "ConstantResult", "SecretResult"})
_BUCKETS = {
    "S3Result": ("s3", "bucket"),
    "GCSResult": ("gs", "bucket"),
    "AzureResult": ("az", "container"),
}


@attrs.frozen
class Folder:
    """Objects whose locations start alike.

    Attributes:
        filesystem: Where they lie.
        prefix: What their locations start with; empty for all of the filesystem.
        address: Address of the filesystem's root.
    """

    filesystem: FileSystem
    prefix: str
    address: str

    def address_of(self, location: str) -> str:
        """Return the address of an object of the filesystem."""
        return joined(self.address, location)


def is_url(text: str) -> bool:
    """Whether a text is a URL, and not a path."""
    return re.match(r"[A-Za-z][A-Za-z0-9+.-]*:(//|:)", text) is not None


def open_folder(text: str) -> Folder:
    """Return the objects below a path or URL, or those whose path starts with it.

    Raises:
        NotFound: There is neither such a folder nor one that it would lie in.
    """
    path = _local(text)
    if path is None:
        bucket = _bucket(text)
        if bucket is not None:
            return Folder(bucket[0], bucket[1], address(text[: len(text) - len(bucket[1])]))
        return Folder(FSSpecFileSystem(text), "", address(text))
    if os.path.isdir(path):
        root, prefix = path, ""
    else:
        root, prefix = os.path.split(path)
        if not os.path.isdir(root):
            raise NotFound(f"There is no folder {path}", location=path)
    return Folder(LocalFileSystem(root), prefix, f"file://{os.path.realpath(root)}")


def open_object(text: str) -> tuple[FileSystem, str]:
    """Return the filesystem and the location there of a path or URL."""
    path = _local(text)
    if path is not None:
        root, name = os.path.split(path)
        return LocalFileSystem(root), name
    bucket = _bucket(text)
    if bucket is not None:
        return bucket
    root, _, name = text.rpartition("/")
    return FSSpecFileSystem(root), name


def _bucket(text: str) -> tuple[FileSystem, str] | None:
    """The bucket of a URL and the rest of it; None if the URL is of something else.

    How to get there comes from the environment: credentials, endpoints, and for Azure
    `AZURE_STORAGE_CONNECTION_STRING`.
    """
    scheme, _, rest = text.partition("://")
    name, _, key = rest.partition("/")
    kind = _SCHEMES.get(scheme.lower(), scheme.lower())
    if kind == "s3":
        from prefect_results.filesystems.s3 import S3FileSystem

        return S3FileSystem(name), key
    if kind == "gs":
        from prefect_results.filesystems.gcs import GCSFileSystem

        return GCSFileSystem(name), key
    if scheme.lower() == "az":
        from prefect_results.filesystems.azure import AzureFileSystem

        connection = os.environ.get("AZURE_STORAGE_CONNECTION_STRING")
        return AzureFileSystem(name, connection_string=connection), key
    return None


def _local(text: str) -> str | None:
    """The absolute path that a text is; None if it is the URL of something else."""
    if not is_url(text):
        return os.path.abspath(os.path.expanduser(text))
    if text.partition(":")[0].lower() in ("file", "local"):
        return os.path.abspath(unquote(urlsplit(text).path))
    return None


def address(text: str) -> str:
    """Return what names the same object however it is written: links of folders are resolved."""
    path = _local(text)
    if path is not None:
        folder, name = os.path.split(path)
        return f"file://{os.path.join(_resolved(folder), name)}"
    scheme, _, rest = text.partition("://")
    scheme = scheme.lower()
    return f"{_SCHEMES.get(scheme, scheme)}://{re.sub('/+', '/', rest).strip('/')}"


def joined(folder: str, location: str) -> str:
    """Return the address of a location below a path or URL; a location is no part of a URL."""
    path = folder.removeprefix("file://") if folder.startswith("file:///") else _local(folder)
    return address(f"{folder}/{location}" if path is None else os.path.join(path, location))


_folders: dict[str, str] = {}


def _resolved(folder: str) -> str:
    found = _folders.get(folder)
    if found is None:
        if len(_folders) > 10_000:
            _folders.clear()
        found = _folders[folder] = os.path.realpath(folder)
    return found


def addresses_of_result(form: Mapping[str, Any]) -> list[str] | None:
    """Return the addresses that a result's wire form may mean; none if its type is not known.

    None is returned for a type that keeps its value in the state.

    Args:
        form: The wire form, with a `location`.
    """
    location, kind = form["location"], form.get("type")
    if kind in _INLINE:
        return None
    if kind == "LocalResult":
        path = os.path.join(os.path.expanduser(form.get("dir") or ""), location)
        # What a linked file leads to is needed as much as the link.
        return [address(path), f"file://{os.path.realpath(path)}"]
    if kind == "FSSpecResult" and form.get("url"):
        return [joined(form["url"], location)]
    if kind in _BUCKETS:
        scheme, field = _BUCKETS[kind]
        return [address(f"{scheme}://{form.get(field) or ''}/{location}")]
    return [address(location)] if is_url(location) else []
