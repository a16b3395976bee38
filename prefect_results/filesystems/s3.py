"""Buckets of Amazon S3, and of what speaks its protocol, by boto3.

Not here: what all object storage has in common.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from prefect_results.context import context
from prefect_results.exceptions import (
    Conflict,
    MissingExtra,
    NotFound,
    PermissionDenied,
    StorageError,
    Unavailable,
)
from prefect_results.filesystems.leftovers import Leftover
from prefect_results.filesystems.objects import PART, ObjectFileSystem
from prefect_results.filesystems.retrying import Retries
from prefect_results.filesystems.stored import Stored
from prefect_results.filesystems.uploads import Upload

if TYPE_CHECKING:
    from prefect_results.filesystems.digest import Data

# Codes in answers of S3 whose status does not say what they mean.
CODES: dict[str, type[StorageError]] = {
    "NoSuchKey": NotFound,
    "NoSuchBucket": NotFound,
    "PreconditionFailed": Conflict,
    "ConditionalRequestConflict": Unavailable,
    "OperationAborted": Unavailable,
    "RequestTimeout": Unavailable,
    "RequestTimeTooSkewed": PermissionDenied,
    "SlowDown": Unavailable,
    "IncompleteBody": Unavailable,
    "BadDigest": Unavailable,
    "XAmzContentChecksumMismatch": Unavailable,
    "AccessDenied": PermissionDenied,
    "ExpiredToken": PermissionDenied,
    "InvalidToken": PermissionDenied,
}
STATUSES: dict[int, type[StorageError]] = {
    401: PermissionDenied,
    403: PermissionDenied,
    404: NotFound,
    408: Unavailable,
    409: Conflict,
    412: Conflict,
    429: Unavailable,
}
# Errors of botocore itself, by name: it is imported on first use only.
ERRORS: dict[str, type[StorageError]] = {
    "ConnectionError": Unavailable,
    "HTTPClientError": Unavailable,
    "IncompleteReadError": Unavailable,
    "ReadTimeoutError": Unavailable,
    "ResponseStreamingError": Unavailable,
    "ChecksumError": Unavailable,
    "FlexibleChecksumError": Unavailable,
    "NoCredentialsError": PermissionDenied,
    "PartialCredentialsError": PermissionDenied,
    "CredentialRetrievalError": PermissionDenied,
    "UnauthorizedSSOTokenError": PermissionDenied,
    "TokenRetrievalError": PermissionDenied,
    "MetadataRetrievalError": PermissionDenied,
    "LoginError": PermissionDenied,
}
_CREDENTIALS = {
    "ACCESS_KEY": "aws_access_key_id",
    "SECRET_ACCESS_KEY": "aws_secret_access_key",
    "SESSION_TOKEN": "aws_session_token",
}
# Arguments of a session of boto3; all others are of its client.
_SESSION = ("profile_name", "botocore_session", "aws_account_id")


class S3FileSystem(ObjectFileSystem):
    """Objects in a bucket of S3.

    Credentials are found as boto3 does; `AWS_CREDENTIALS` in the context's secrets comes first,
    as in Prefect 1.4.1.

    Args:
        bucket: name of the bucket.
        prefix: what all keys start with; empty by default.
        boto3_kwargs: for the session and the client, such as `endpoint_url`, `region_name`,
            `profile_name`, `credentials` (a dict with ACCESS_KEY, SECRET_ACCESS_KEY and perhaps
            SESSION_TOKEN); none by default.
        upload_options: arguments of each write, as boto3's `ExtraArgs`; none by default.
        retries: how often and how long a request is tried again.
        part_size: bytes of one request of a large upload or download, 5 MiB at least.
    """

    __slots__ = ("boto3_kwargs", "upload_options")

    extra = "s3"
    scheme = "s3"
    credentials_from = (
        "`boto3_kwargs`, the secret AWS_CREDENTIALS, or what boto3 finds: "
        "AWS_ACCESS_KEY_ID, a profile, a role"
    )

    def __init__(
        self,
        bucket: str,
        prefix: str = "",
        boto3_kwargs: dict[str, Any] | None = None,
        upload_options: dict[str, Any] | None = None,
        retries: Retries | None = None,
        part_size: int = PART,
    ) -> None:
        super().__init__(bucket, prefix, retries, part_size)
        self.boto3_kwargs = boto3_kwargs or {}
        self.upload_options = upload_options or {}

    def _settings(self) -> tuple[Any, ...]:
        return (self.boto3_kwargs, self.upload_options)

    def _client_key(self) -> Any:
        secret = (context.get("secrets") or {}).get("AWS_CREDENTIALS")
        return (super()._client_key(), repr(secret))

    def _make_client(self) -> Any:
        try:
            import boto3
            from botocore.config import Config
        except ImportError as exc:
            raise MissingExtra(package="boto3", extra="s3") from exc
        given = dict(self.boto3_kwargs)
        given.pop("use_session", None)
        secret = (context.get("secrets") or {}).get("AWS_CREDENTIALS")
        for name, key in _CREDENTIALS.items():
            found = (given.get("credentials") or secret or {}).get(name)
            if found:
                given[key] = found
        given.pop("credentials", None)
        limits = Config(
            retries={"max_attempts": 0, "mode": "standard"},
            connect_timeout=min(self.retries.timeout, 10),
            read_timeout=self.retries.timeout,
            max_pool_connections=32,
        )
        config = given.pop("config", None)
        session = boto3.session.Session(
            **{name: given.pop(name) for name in _SESSION if name in given},
            region_name=given.pop("region_name", None),
        )
        return session.client("s3", config=config.merge(limits) if config else limits, **given)

    def _error(self, exc: Exception) -> type[StorageError]:
        response = getattr(exc, "response", None)
        if isinstance(response, dict):
            code = response.get("Error", {}).get("Code", "")
            if code in CODES:
                return CODES[code]
            status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
            return Unavailable if status >= 500 else STATUSES.get(status, StorageError)
        for kind in type(exc).__mro__:
            if kind.__name__ in ERRORS:
                return ERRORS[kind.__name__]
        if isinstance(exc, (ConnectionError, TimeoutError)):
            return Unavailable
        if type(exc).__module__.startswith("urllib3."):
            return Unavailable
        return StorageError

    def _store(self, key: str, data: Data, metadata: dict[str, str], absent: bool) -> None:
        condition = {"IfNoneMatch": "*"} if absent else {}
        self.client().put_object(
            Bucket=self.bucket, Key=key, Body=bytes(data), **self._options(metadata), **condition
        )

    def _fetch(self, key: str, start: int, count: int, version: str | None) -> tuple[bytes, Stored]:
        asked: dict[str, str] = {"IfMatch": version} if version else {}
        try:
            answer = self.client().get_object(
                Bucket=self.bucket, Key=key, Range=f"bytes={start}-{start + count - 1}", **asked
            )
        except Exception as exc:
            if _code(exc) not in ("InvalidRange", "416"):
                raise
            # No range fits an empty object.
            answer = self.client().get_object(Bucket=self.bucket, Key=key)
        with answer["Body"] as body:
            data: bytes = body.read()
        whole = answer.get("ContentRange", "").rpartition("/")[2]
        found = _stored(key, answer)
        found.size = int(whole) if whole.isdigit() else found.size
        return data, found

    def _head(self, key: str) -> Stored:
        return _stored(key, self.client().head_object(Bucket=self.bucket, Key=key))

    def _remove(self, key: str) -> None:
        self.client().delete_object(Bucket=self.bucket, Key=key)

    def _page(self, prefix: str, token: Any) -> tuple[list[Stored], Any]:
        more = {"ContinuationToken": token} if token else {}
        answer = self.client().list_objects_v2(Bucket=self.bucket, Prefix=prefix, **more)
        found = [
            Stored(item["Key"], item["Size"], item["LastModified"].timestamp())
            for item in answer.get("Contents", ())
        ]
        return found, answer.get("NextContinuationToken")

    def _begin(self, key: str, metadata: dict[str, str]) -> Upload:
        answer = self.client().create_multipart_upload(
            Bucket=self.bucket, Key=key, **self._options(metadata)
        )
        return _Multipart(self, key, answer["UploadId"], metadata)

    def leftovers(self, prefix: str = "") -> Iterator[Leftover]:
        """Multipart uploads that were neither completed nor aborted."""
        more: dict[str, str] = {}
        while True:
            answer = self.do(prefix or ".", partial(self._unfinished, prefix, more))
            for found in answer.get("Uploads", ()):
                location = found["Key"][len(self.prefix) :]
                upload = _Multipart(self, found["Key"], found["UploadId"], {})
                yield Leftover(
                    location, None, found["Initiated"].timestamp(),
                    partial(self.do, location, partial(_aborted, upload)),
                )  # fmt: skip
            if not answer.get("IsTruncated"):
                return
            more = {
                "KeyMarker": answer["NextKeyMarker"],
                "UploadIdMarker": answer["NextUploadIdMarker"],
            }

    def _unfinished(self, prefix: str, more: dict[str, str], number: int) -> Any:
        return self.client().list_multipart_uploads(
            Bucket=self.bucket, Prefix=self.prefix + prefix, **more
        )

    def _options(self, metadata: dict[str, str]) -> dict[str, Any]:
        options = dict(self.upload_options)
        options["Metadata"] = {**options.get("Metadata", {}), **metadata}
        return options

    def __reduce__(self) -> tuple[Any, ...]:
        return S3FileSystem, (
            self.bucket, self.prefix, self.boto3_kwargs, self.upload_options, self.retries,
            self.part_size,
        )  # fmt: skip


class _Multipart(Upload):
    """A multipart upload of S3."""

    __slots__ = ("_etags", "_filesystem", "_named", "_token")

    def __init__(
        self, filesystem: S3FileSystem, key: str, upload_id: str, metadata: dict[str, str]
    ) -> None:
        self._filesystem = filesystem
        self._named = {"Bucket": filesystem.bucket, "Key": key, "UploadId": upload_id}
        self._etags: dict[int, str] = {}
        self._token = metadata

    def part(self, number: int, start: int, data: memoryview, last: bool) -> None:
        answer = self._filesystem.client().upload_part(
            **self._named, PartNumber=number, Body=bytes(data)
        )
        self._etags[number] = answer["ETag"]

    def complete(self, metadata: dict[str, str]) -> None:
        parts = [{"PartNumber": number, "ETag": tag} for number, tag in sorted(self._etags.items())]
        try:
            self._filesystem.client().complete_multipart_upload(
                **self._named, MultipartUpload={"Parts": parts}
            )
        except Exception as exc:
            # It is unknown too once it was completed, by a try whose answer was lost.
            if _code(exc) != "NoSuchUpload":
                raise
            stored = self._filesystem._head(self._named["Key"]).metadata
            if any(stored.get(name) != text for name, text in self._token.items()):
                raise

    def abort(self) -> None:
        try:
            self._filesystem.client().abort_multipart_upload(**self._named)
        except Exception as exc:
            if _code(exc) != "NoSuchUpload":
                raise


def _aborted(upload: Upload, number: int) -> None:
    upload.abort()


def _code(exc: Exception) -> str:
    response = getattr(exc, "response", None)
    return response.get("Error", {}).get("Code", "") if isinstance(response, dict) else ""


def _stored(key: str, answer: dict[str, Any]) -> Stored:
    return Stored(
        key,
        answer["ContentLength"],
        answer["LastModified"].timestamp(),
        answer.get("Metadata"),
        answer.get("ETag"),
    )
