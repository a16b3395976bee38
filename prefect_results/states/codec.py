"""Who writes and reads the JSON form of states: a slot that the wire registers itself in.

Not here: the JSON form itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from prefect_results.exceptions import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable

    from prefect_results.states.base import State


class Codec(Protocol):
    """What writes a state as JSON-compatible data and reads it back."""

    def dump(self, state: State) -> dict[str, Any]:
        """Returns the JSON-compatible form of `state`."""

    def load(self, data: Any) -> State:
        """Returns the state that `data` describes."""


class _Registered:
    loader: Callable[[], Codec] | None = None
    codec: Codec | None = None


def register_codec(loader: Callable[[], Codec]) -> None:
    """Says who writes and reads the JSON form of states.

    Args:
        loader: called once, when a state is first serialized or deserialized; returns an
            object with `dump(state)` and `load(data)`. A later registration replaces it.
    """
    _Registered.loader = loader
    _Registered.codec = None


def codec() -> Codec:
    """Returns the registered codec, loading it on first use.

    Raises:
        ConfigurationError: if none is registered.
    """
    if _Registered.codec is None:
        if _Registered.loader is None:
            raise ConfigurationError(
                "No codec for states is registered; `import prefect_results` registers one."
            )
        _Registered.codec = _Registered.loader()
    return _Registered.codec
