"""Results in buckets of Amazon S3 and what speaks its protocol.

Not here: how the bucket is reached; a filesystem does that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prefect_results.results.registry import register_result_type
from prefect_results.results.stored import StoredResult

if TYPE_CHECKING:
    from prefect_results.filesystems.s3 import S3FileSystem

# Arguments for boto3 that may leave the process: they say where, and no secret.
_HARMLESS = ("endpoint_url", "region_name", "profile_name", "use_ssl", "verify", "api_version")


@register_result_type
class S3Result(StoredResult):
    """Keeps values as objects in a bucket of S3 (Prefect 1.4.1).

    Credentials come from the environment, as boto3 finds them, from the secret `AWS_CREDENTIALS`
    of the context, or from the keyword arguments for boto3. These are in no wire form or repr;
    pickles have those that say where only, such as `endpoint_url`, `region_name`, `profile_name`.

    Args:
        bucket: name of the bucket.
        boto3_kwargs: for the client of boto3; none by default.
        upload_options: extra arguments of each upload; none by default.
        **kwargs: of `Result`: value, location, serializer.
    """

    __slots__ = ("boto3_kwargs", "bucket", "upload_options")

    wire_fields = ("bucket",)
    _extras = {"bucket": None, "boto3_kwargs": {}, "upload_options": {}}

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
    def filesystem(self) -> S3FileSystem:
        """The objects of the bucket."""
        from prefect_results.filesystems.s3 import S3FileSystem

        return S3FileSystem(
            self.bucket, boto3_kwargs=self.boto3_kwargs, upload_options=self.upload_options
        )

    @property
    def client(self) -> Any:
        """boto3's client."""
        return self.filesystem.client()

    def _portable(self) -> dict[str, Any]:
        slots = super()._portable()
        given = self.boto3_kwargs
        slots["boto3_kwargs"] = {
            # A URL may have a name and a password in it.
            name: given[name]
            for name in _HARMLESS
            if name in given and "@" not in str(given[name])
        }
        return slots
