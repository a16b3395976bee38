"""Results in buckets of Google Cloud Storage.

Not here: how the bucket is reached; a filesystem does that.
"""

from __future__ import annotations

from typing import Any

from prefect_results.exceptions import StorageError
from prefect_results.filesystems import FileSystem
from prefect_results.results.registry import register_result_type
from prefect_results.results.stored import StoredResult


@register_result_type
class GCSResult(StoredResult):
    """Keeps values as objects in a bucket of Google Cloud Storage (Prefect 1.4.1).

    Args:
        bucket: name of the bucket.
        **kwargs: of `Result`: value, location, serializer.
    """

    __slots__ = ("bucket",)

    wire_fields = ("bucket",)
    _extras = {"bucket": None}

    bucket: str | None

    def __init__(self, bucket: str | None = None, **kwargs: Any) -> None:
        self.bucket = bucket
        super().__init__(**kwargs)

    @property
    def filesystem(self) -> FileSystem:
        """Raise `StorageError`: this version does not reach the bucket."""
        raise StorageError(
            "A GCSResult can be sent and received, but this version cannot read or write it; "
            f"FSSpecResult('gs://{self.bucket}') can, with `pip install gcsfs`"
        )
