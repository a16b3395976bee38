"""Secrets that results connect with, by name; they are looked up in each process.

Not here: how the API is asked for a secret; what knows it registers itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from prefect_results.context import context
from prefect_results.exceptions import ConfigurationError

_lookup: Callable[[str], Any] | None = None


def register_secret_lookup(lookup: Callable[[str], Any]) -> None:
    """Hand over what finds a secret that is not in the context.

    Args:
        lookup: takes the name and returns the value, or raises.
    """
    global _lookup
    _lookup = lookup


def secret_value(name: str) -> Any:
    """The value of a secret: of the context, or of what is registered.

    Raises:
        ValueError: if there is none, and nothing else to ask.
    """
    secrets = context.get("secrets") or {}
    if name in secrets:
        return secrets[name]
    if _lookup is None:
        raise ValueError(f'Local Secret "{name}" was not found.')
    return _lookup(name)


class SecretText:
    """A text that is a secret of a name, looked up when it is needed; equal by name.

    Args:
        name: of the secret.
    """

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self) -> str:
        try:
            return str(secret_value(self.name))
        except ValueError as exc:
            raise ConfigurationError(
                f"{exc} Give it in the context's secrets, or in the environment as "
                f"PREFECT__CONTEXT__SECRETS__{self.name}"
            ) from exc

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SecretText) and self.name == other.name

    def __hash__(self) -> int:
        return hash(self.name)

    def __repr__(self) -> str:
        return f"SecretText({self.name!r})"
