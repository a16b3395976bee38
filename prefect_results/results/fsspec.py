"""Results on any filesystem that fsspec reaches.

Not here: how fsspec is used; see `filesystems.fsspec`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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
    from the configuration of fsspec (`FSSPEC_<PROTOCOL>`, `~/.config/fsspec`).

    Args:
        url: the folder or bucket.
        value: of `Result`.
        location: of `Result`.
        serializer: of `Result`.
        **storage_options: for the filesystem's class in fsspec.
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
        self.url = url
        self.storage_options = storage_options
        super().__init__(value=value, location=location, serializer=serializer)

    @property
    def filesystem(self) -> FileSystem:
        """The filesystem of the URL."""
        from prefect_results.filesystems.fsspec import FSSpecFileSystem

        return FSSpecFileSystem(self.url, **self.storage_options)
