"""Secrets from environment variables."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from prefect_results.tasks.secrets.base import PrefectSecret


class EnvVarSecret(PrefectSecret):
    """Returns the value of an environment variable.

    Args:
        name: Name of the variable, and of the task.
        cast: Called with the text to make it another type.
        raise_if_missing: Whether a missing variable is an error; by default it is None.
        **kwargs: Options of `Task`.

    Raises:
        ValueError: A `result` is given.
    """

    def __init__(
        self,
        name: str | None = None,
        cast: Callable[[Any], Any] | None = None,
        raise_if_missing: bool = False,
        **kwargs: Any,
    ) -> None:
        self.cast = cast
        self.raise_if_missing = raise_if_missing
        super().__init__(name=name, **kwargs)

    def run(self, name: str | None = None) -> Any:
        """Return the variable's value.

        Args:
            name: Name of the variable; the one given to the task by default.

        Raises:
            ValueError: No name is given, or the variable is missing and must not be.
        """
        name = self._name_or_given(name)
        if self.raise_if_missing and name not in os.environ:
            raise ValueError(f"Environment variable not set: {name}")
        value = os.getenv(name)
        if value is not None and self.cast is not None:
            value = self.cast(value)
        return value
