"""Results whose bytes lie on a filesystem: reading, writing, and where, in one place.

Not here: which filesystem; each result type says its own.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from prefect_results.exceptions import StorageError
from prefect_results.results.base import Result
from prefect_results.results.errors import stored_elsewhere, unreadable, unserializable
from prefect_results.results.integrity import known_of, load_verified, verify_stored
from prefect_results.results.location import fill
from prefect_results.results.writing import UnfinishedWrite

if TYPE_CHECKING:
    from prefect_results.filesystems import FileSystem, Writer
    from prefect_results.serializers import Serializer

S = TypeVar("S", bound="StoredResult")

_DEBUG = 10


class StoredResult(Result):
    """Base of the results that keep their bytes on a filesystem.

    A subclass gives the `filesystem`; it may say in `_place` how its locations map to names there.
    """

    __slots__ = ()

    # Whether a read mostly waits, for a network say, so that several at a time take less.
    _far: ClassVar[bool] = True

    @property
    def size(self) -> int | None:
        """Number of bytes at the location; None if it is not known."""
        known = self._stored
        return known[0] if isinstance(known, tuple) else None

    @property
    def digest(self) -> str | None:
        """`"algorithm:hex"` of the bytes at the location; None if it is not known."""
        known = self._stored
        return known[1] if isinstance(known, tuple) else None

    @property
    def filesystem(self) -> FileSystem:
        """The filesystem that the bytes lie on."""
        raise NotImplementedError

    def write(self: S, value_: Any, **kwargs: Any) -> S:
        """Serialize a value and store it, atomically.

        Args:
            value_: the value.
            **kwargs: the values that the location's template can name.

        Returns:
            A result with the value and the location where it lies.

        Raises:
            SerializationError: if the serializer cannot handle the value.
            UnsafeLocation: if the filled location leaves the root.
            StorageError: if it cannot be stored.
            UnknownTemplateName: if the template names what is not among the values.
        """
        return self.begin_write(value_, **kwargs).finish()

    def begin_write(self: S, value_: Any, **kwargs: Any) -> UnfinishedWrite[S]:
        """Serialize a value; what is returned stores it.

        Args:
            value_: the value; it may change once this has returned.
            **kwargs: the values that the location's template can name.

        Raises:
            SerializationError: if the serializer cannot handle the value.
            UnsafeLocation: if the filled location leaves the root.
            StorageError: if the storage refuses it already.
            UnknownTemplateName: if the template names what is not among the values.
        """
        location = self._fill(kwargs)
        logger = self.logger
        debug = logger.isEnabledFor(_DEBUG)
        if debug:
            logger.debug("Starting to upload result to %s...", location)
        kind = type(self).__name__
        writer = None
        try:
            filesystem, name = self._place(location, self.location)
            writer = filesystem.open_write(name)
            self.serializer.dump(value_, writer)  # type: ignore[arg-type]
        except BaseException as exc:
            if writer is not None:
                writer.abort()
            if isinstance(exc, Exception):
                raise unserializable(exc, value_, self.serializer, kind, location) from exc
            raise

        def written(writer: Writer) -> S:
            new = self._written(value_, location, filesystem, writer)
            if debug:
                logger.debug("Finished uploading result to %s...", new.location)
            return new

        place = partial(filesystem.canonical, name)
        return UnfinishedWrite(kind, location, writer, written, place)

    def read(self: S, location: str) -> S:
        """Read the value at a location.

        Args:
            location: where it lies.

        Returns:
            A result with the value and the location.

        Raises:
            NotFound: if there is nothing.
            Corrupt: if it is empty, truncated or of another format.
            DeserializationError: if it needs what is not there, a missing module say.
            UnsafeLocation: if the location leaves the root.
            StorageError: if it cannot be read.
        """
        logger = self.logger
        debug = logger.isEnabledFor(_DEBUG)
        if debug:
            logger.debug("Starting to read result from %s...", location)
        known = self._stored if location == self.location else False
        try:
            filesystem, name = self._place(location, None if self._stored else self.location)
            file = filesystem.open_read(name)
            try:
                if isinstance(known, tuple):
                    value = load_verified(self.serializer, file, location, *known)
                else:
                    value = self.serializer.load(file)
            finally:
                file.close()
        except Exception as exc:
            raise unreadable(exc, self.serializer, type(self).__name__, location) from exc
        new = self._filled(value, location, known or True)
        if debug:
            logger.debug("Finished reading result from %s...", location)
        return new

    def exists(self, location: str, **kwargs: Any) -> bool:
        """Whether a value lies at a location; not whether it can be read.

        Args:
            location: the location, or its template.
            **kwargs: the values that the template can name.

        Raises:
            UnsafeLocation: if the filled location leaves the root.
            StorageError: if the storage cannot tell.
        """
        filled = fill(location, kwargs)
        try:
            filesystem, name = self._place(filled, location)
            return filesystem.exists(name)
        except StorageError as exc:
            raise stored_elsewhere(exc, type(self).__name__, filled) from exc

    def verify(self) -> None:
        """Compare the bytes at the result's location with what was written; loads no value.

        Where the storage says the digest of what it holds, nothing is read.

        Raises:
            NotFound: if there is nothing.
            Corrupt: if they are not what was written.
            UnsafeLocation: if the location leaves the root.
            StorageError: if they cannot be read.
        """
        location = str(self.location)
        try:
            filesystem, name = self._place(location, None if self._stored else self.location)
            verify_stored(filesystem, name, self.size, self.digest)
        except StorageError as exc:
            raise stored_elsewhere(exc, type(self).__name__, location) from exc

    @classmethod
    def revive(
        cls: type[S],
        value: Any = None,
        location: str | None = None,
        serializer: Serializer | None = None,
        *,
        serialized: bool = True,
        size: int | None = None,
        digest: str | None = None,
        **fields: Any,
    ) -> S:
        """Make a result of its wire form; touches no storage.

        Args:
            value: the serialized value, where it is inline.
            location: where the data lies.
            serializer: how it was serialized; the type's default one by default.
            serialized: whether the value is in its serialized form.
            size: number of bytes at the location, None if it is not known.
            digest: of the bytes at the location, None if it is not known.
            **fields: the type's `wire_fields`.
        """
        new = super().revive(value, location, serializer, serialized=serialized, **fields)
        if new._stored and (size is not None or digest is not None):
            object.__setattr__(new, "_stored", (size, digest))
        return new

    def _place(self, location: str, template: str | None) -> tuple[FileSystem, str]:
        """The filesystem and the name there of a location.

        Args:
            location: filled.
            template: what the user configured it as; None if it comes from elsewhere.
        """
        return self.filesystem, location

    def _canonical(self, location: str) -> str:
        """A text that is the same for all ways to say where a value lies."""
        try:
            filesystem, name = self._place(location, None if self._stored else self.location)
            return filesystem.canonical(name)
        except StorageError:
            # Whoever reads or writes there is told.
            return location

    def _written(self: S, value: Any, location: str, filesystem: FileSystem, writer: Writer) -> S:
        """The result of a write."""
        return self._filled(value, location, known_of(writer))

    def _filled(self: S, value: Any, location: str, known: Any = True) -> S:
        """A result with a value that lies at a location."""
        new = self._thawed()
        new.value = value
        new.location = location
        new.serialized = False
        new._stored = known
        if self._draft is not None:
            new.__class__ = self.__class__
        return new
