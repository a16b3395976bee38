"""What every run store can do with key-value pairs. The contract is here and nowhere else."""

from __future__ import annotations

from abc import ABC, abstractmethod

from prefect_results.backend.store.records import Json


class KeyValues(ABC):
    """Part of the port `RunStore`: key-value pairs."""

    @abstractmethod
    def set_key_value(self, key: str, value: Json) -> str:
        """Keep a JSON value under a key, in place of what was there; return the pair's id."""

    @abstractmethod
    def get_key_value(self, key: str) -> Json:
        """Return the value under a key.

        Raises:
            RecordNotFound: There is none.
        """

    @abstractmethod
    def delete_key(self, key: str) -> None:
        """Delete a key and its value.

        Raises:
            RecordNotFound: There is none.
        """

    @abstractmethod
    def list_keys(self) -> list[str]:
        """Return all keys, sorted."""
