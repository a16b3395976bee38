"""A write in two steps: the value is serialized first, its bytes are stored when it is finished.

Between the two the value may be used and changed. Not here: who finishes it, and when.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

from prefect_results.exceptions import PrefectError, StorageError
from prefect_results.results.errors import stored_elsewhere, where

if TYPE_CHECKING:
    from collections.abc import Callable

    from prefect_results.filesystems import Writer

R = TypeVar("R")


class UnfinishedWrite(Generic[R]):
    """A value that is serialized, and that nobody can read yet.

    Args:
        kind: name of the result's type, for messages.
        location: where the value will lie.
        writer: has the bytes.
        written: gives the result, once they are stored.
        place: says where that is, in the same words however the location is spelled; the location
            by default.

    Attributes:
        location: as given.
    """

    __slots__ = ("_kind", "_place", "_writer", "_written", "location")

    def __init__(
        self,
        kind: str,
        location: str,
        writer: Writer,
        written: Callable[[Writer], R],
        place: Callable[[], str] | None = None,
    ) -> None:
        self._kind = kind
        self._place = place
        self.location = location
        self._writer = writer
        self._written = written

    @property
    def place(self) -> str:
        """Where the value will lie, in the same words however the location is spelled."""
        return self.location if self._place is None else self._place()

    @property
    def size(self) -> int:
        """Number of bytes that were serialized; 0 if the writer does not say."""
        tell: Any = getattr(self._writer, "tell", None)
        return 0 if tell is None else int(tell())

    def finish(self) -> R:
        """Store the bytes, atomically; another thread than the one that began may do it.

        Returns:
            A result with the value and the location where it lies.

        Raises:
            StorageError: if they cannot be stored; nothing is visible then.
        """
        try:
            self._writer.commit()
        except BaseException as exc:
            self._writer.abort()
            if isinstance(exc, StorageError):
                raise stored_elsewhere(exc, self._kind, self.location) from exc
            if isinstance(exc, Exception) and not isinstance(exc, PrefectError):
                place = where(self._kind, self.location)
                raise StorageError(
                    f"The value of {place} cannot be stored: {exc!r}", location=self.location
                ) from exc
            raise
        return self._written(self._writer)

    def abandon(self) -> None:
        """Forget the bytes. Never raises."""
        self._writer.abort()
