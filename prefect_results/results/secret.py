"""Results of secrets, whose values stay in the process that fetched them.

Not here: how a secret is fetched; its task does that, see `prefect_results.tasks.secrets`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from prefect_results.exceptions import StorageError
from prefect_results.results.base import Result
from prefect_results.results.registry import register_result_type
from prefect_results.serializers import Serializer

S = TypeVar("S", bound="SecretResult")

_makers: dict[str, Callable[[str], Any]] = {}


def register_secret_type(name: str, maker: Callable[[str], Any]) -> None:
    """Say how the secret tasks of a type are made, for results that come from elsewhere.

    Args:
        name: name of the task's class, as the wire form has it.
        maker: makes the task of a secret's name.
    """
    _makers[name] = maker


@register_result_type
class SecretResult(Result):
    """Keeps the name of a secret; reading it runs the secret's task again (Prefect 1.4.1).

    The value is in no repr, pickle or wire form of this: only the secret's name is. A copy that
    arrives in another process is serialized, and fetches the secret there when it is needed.

    Args:
        secret_task: the task that fetches the secret; its name is the secret's.
        **kwargs: of `Result`, but for the serializer.

    Raises:
        ValueError: if there is a serializer among them.
    """

    __slots__ = ("_secret_type", "secret_task")

    wire_fields = ("secret_type",)
    _extras = {"secret_task": None, "_secret_type": None}

    secret_task: Any
    _secret_type: str | None

    def __init__(self, secret_task: Any, **kwargs: Any) -> None:
        if "serializer" in kwargs:
            raise ValueError("Can't pass a serializer to a SecretResult.")
        self.secret_task = secret_task
        self._secret_type = None
        kwargs.setdefault("location", secret_task.name)
        super().__init__(**kwargs)

    @property
    def secret_type(self) -> str | None:
        """Name of the class of the secret's task."""
        return self._secret_type if self.secret_task is None else type(self.secret_task).__name__

    def from_value(self: S, value: Any) -> S:
        """Return a result of another value of the secret, with the same settings and name."""
        return self._replace(value=value, serialized=False, _stored=False)

    def read(self: S, location: str) -> S:
        """Return a result with the secret's value, which is fetched anew.

        Args:
            location: the name of the secret.

        Raises:
            StorageError: if this process does not know how to fetch secrets of this type.
        """
        task = self.secret_task
        if task is None:
            maker = _makers.get(self._secret_type or "")
            if maker is None:
                raise StorageError(
                    f"The secret {location!r} is of the type {self._secret_type!r}, which is not "
                    "known in this process: import the module that defines it, which must call "
                    "register_secret_type",
                    location=location,
                )
            task = maker(location)
        value = task.run(name=location)
        return self._replace(value=value, location=location, serialized=False, _stored=True)

    def write(self: S, value_: Any, **kwargs: Any) -> S:
        """Raise `ValueError`: a secret is not written."""
        raise ValueError("SecretResults cannot be written to.")

    @classmethod
    def revive(
        cls: type[S],
        value: Any = None,
        location: str | None = None,
        serializer: Serializer | None = None,
        *,
        serialized: bool = True,
        secret_type: str | None = None,
        **fields: Any,
    ) -> S:
        """Make a result of its wire form; a value or serializer in it is ignored."""
        return super().revive(None, location, None, serialized=True, _secret_type=secret_type)

    def _serialize_value(self: S) -> S:
        return self._replace(value=None, serialized=True)

    def _portable(self) -> dict[str, Any]:
        slots = super()._portable()
        slots.update(value=None, serialized=True)
        return slots

    def __deepcopy__(self: S, memo: Any) -> S:
        return self.copy()

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.location!r}>"
