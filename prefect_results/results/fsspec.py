"""Results on any filesystem that fsspec reaches.

Not here: how fsspec is used; see `filesystems.fsspec`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from prefect_results.exceptions import ConfigurationError
from prefect_results.filesystems import FileSystem
from prefect_results.results.registry import register_result_type
from prefect_results.results.stored import StoredResult
from prefect_results.serializers import Serializer

if TYPE_CHECKING:
    from prefect_results.results.base import Location


@register_result_type
class FSSpecResult(StoredResult):
    """Keeps values on a filesystem of fsspec: `memory://`, `sftp://host/folder`, `gs://bucket` ...

    Locations are relative to the URL. Options of the storage may hold credentials, so they are in
    no wire form, pickle or repr: another process that needs them gets them from the environment or
    from the configuration of fsspec (`FSSPEC_<PROTOCOL>`, `~/.config/fsspec`). A password in the
    URL is taken out of it and becomes such an option.

    Args:
        url: the folder or bucket.
        value: of `Result`.
        location: of `Result`.
        serializer: of `Result`.
        **storage_options: for the filesystem's class in fsspec.

    Raises:
        ConfigurationError: if a password is in a URL of HTTP, whose driver takes it there only.
    """

    __slots__ = ("storage_options", "url")

    wire_fields = ("url",)
    _extras = {"url": "", "storage_options": {}}
    _private = frozenset(("storage_options",))

    url: str
    storage_options: dict[str, Any]

    def __init__(
        self,
        url: str,
        value: Any = None,
        location: Location | None = None,
        serializer: Serializer | None = None,
        **storage_options: Any,
    ) -> None:
        self.url, password = _without_password(url)
        if password is not None:
            storage_options.setdefault("password", password)
        self.storage_options = storage_options
        super().__init__(value=value, location=location, serializer=serializer)

    @property
    def filesystem(self) -> FileSystem:
        """The filesystem of the URL."""
        from prefect_results.filesystems.fsspec import FSSpecFileSystem

        return FSSpecFileSystem(self.url, **self.storage_options)


def _without_password(url: str) -> tuple[str, str | None]:
    """Take the password out of a URL."""
    found = re.match(r"(?P<scheme>[^/]*//)(?P<user>[^/@:]*):(?P<password>[^/@]*)@", url)
    if found is None:
        return url, None
    if found["scheme"].startswith("http"):
        raise ConfigurationError(
            "A URL with a password would be in states: give the option "
            "client_kwargs={'auth': aiohttp.BasicAuth(...)} instead"
        )
    from fsspec.utils import infer_storage_options

    bare = f"{found['scheme']}{found['user']}@{url[found.end() :]}"
    return bare, infer_storage_options(url).get("password", found["password"])
