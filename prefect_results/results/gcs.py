"""Results in buckets of Google Cloud Storage.

Not here: how the bucket is reached; a filesystem does that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prefect_results.exceptions import StorageError
from prefect_results.results.registry import register_result_type
from prefect_results.results.stored import StoredResult

if TYPE_CHECKING:
    from prefect_results.filesystems.gcs import GCSFileSystem


@register_result_type
class GCSResult(StoredResult):
    """Keeps values as objects in a bucket of Google Cloud Storage (Prefect 1.4.1).

    Credentials come from the environment (Google's application default ones) or from the secret
    `GCP_CREDENTIALS` of the context, and are in no wire form, pickle or repr. Where
    `STORAGE_EMULATOR_HOST` is set, that server is used.

    Args:
        bucket: name of the bucket.
        credentials: an object of google-auth, for this process; by default as above.
        **kwargs: of `Result`: value, location, serializer.
    """

    __slots__ = ("_credentials", "bucket")

    wire_fields = ("bucket",)
    _extras = {"bucket": None, "_credentials": None}
    _private = frozenset(("_credentials",))

    bucket: str | None
    _credentials: Any

    def __init__(self, bucket: str | None = None, credentials: Any = None, **kwargs: Any) -> None:
        self.bucket = bucket
        self._credentials = credentials
        super().__init__(**kwargs)

    @property
    def filesystem(self) -> GCSFileSystem:
        """The objects of the bucket.

        Raises:
            StorageError: if no bucket was named.
        """
        from prefect_results.filesystems.gcs import GCSFileSystem

        if not self.bucket:
            raise StorageError("This GCSResult has no bucket: GCSResult(bucket='...')")
        return GCSFileSystem(self.bucket, credentials=self._credentials)

    @property
    def gcs_bucket(self) -> Any:
        """The bucket, as google-cloud-storage's object."""
        return self.filesystem.client().bucket(self.bucket)
