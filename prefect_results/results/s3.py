"""Results in buckets of Amazon S3 and what speaks its protocol.

Not here: how the bucket is reached; a filesystem does that.
"""

from __future__ import annotations

from typing import Any

from prefect_results.exceptions import StorageError
from prefect_results.filesystems import FileSystem
from prefect_results.results.registry import register_result_type
from prefect_results.results.stored import StoredResult


@register_result_type
class S3Result(StoredResult):
    """Keeps values as objects in a bucket of S3 (Prefect 1.4.1).

    The keyword arguments for boto3 may hold credentials, so they are in no wire form, pickle or
    repr.

    Args:
        bucket: name of the bucket.
        boto3_kwargs: for the client of boto3; none by default.
        upload_options: extra arguments of each upload; none by default.
        **kwargs: of `Result`: value, location, serializer.
    """

    __slots__ = ("boto3_kwargs", "bucket", "upload_options")

    wire_fields = ("bucket",)
    _extras = {"bucket": None, "boto3_kwargs": {}, "upload_options": {}}
    _private = frozenset(("boto3_kwargs",))

    bucket: str
    boto3_kwargs: dict[str, Any]
    upload_options: dict[str, Any]

    def __init__(
        self,
        bucket: str,
        boto3_kwargs: dict[str, Any] | None = None,
        upload_options: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        self.bucket = bucket
        self.boto3_kwargs = boto3_kwargs or {}
        self.upload_options = upload_options or {}
        super().__init__(**kwargs)

    @property
    def filesystem(self) -> FileSystem:
        """Raise `StorageError`: this version does not reach the bucket."""
        raise StorageError(
            "An S3Result can be sent and received, but this version cannot read or write it; "
            f"FSSpecResult('s3://{self.bucket}') can, with `pip install s3fs`"
        )
