"""How often, and how long, a request to a storage is tried again.

The clients' own retries are off: which request may be repeated, and whether one that failed was
carried out all the same, is known here only. Not here: which errors are worth another try; the
translation says `Unavailable` for those.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from prefect_results.exceptions import MissingExtra, Unavailable

T = TypeVar("T")


class Retries:
    """Limits of trying again, with exponential backoff and full jitter.

    Args:
        attempts: tries of one request, the first one included. 8 by default.
        first: seconds, the longest wait before the second try; doubled for each one after it.
            0.25 by default.
        longest: seconds, the longest wait between two tries. 15 by default.
        within: seconds after which no further try is started. 180 by default.
        timeout: seconds that a connection, and the answer to a request, may take. 60 by default.
    """

    __slots__ = ("attempts", "first", "longest", "timeout", "within")

    def __init__(
        self,
        attempts: int = 8,
        first: float = 0.25,
        longest: float = 15.0,
        within: float = 180.0,
        timeout: float = 60.0,
    ) -> None:
        self.attempts = attempts
        self.first = first
        self.longest = longest
        self.within = within
        self.timeout = timeout

    def run(self, action: Callable[[int], T], extra: str) -> T:
        """Return what an action does, tried again while it raises `Unavailable`.

        Args:
            action: takes the number of the try, from 1.
            extra: what installs tenacity, for the message.

        Raises:
            Unavailable: the last one, when the limits are reached.
            Exception: any other error of the action, at once.
        """
        try:
            import tenacity
        except ImportError as exc:
            raise MissingExtra(package="tenacity", extra=extra) from exc
        retrying = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(self.attempts)
            | tenacity.stop_after_delay(self.within),
            wait=tenacity.wait_random_exponential(multiplier=self.first, max=self.longest),
            retry=tenacity.retry_if_exception_type(Unavailable),
            reraise=True,
        )
        number = 0

        def attempt() -> T:
            nonlocal number
            number += 1
            return action(number)

        return retrying(attempt)

    def key(self) -> tuple[Any, ...]:
        """What makes it equal to another one."""
        return (self.attempts, self.first, self.longest, self.within, self.timeout)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Retries) and self.key() == other.key()

    def __hash__(self) -> int:
        return hash(self.key())

    def __repr__(self) -> str:
        names = ("attempts", "first", "longest", "within", "timeout")
        return f"Retries({', '.join(f'{name}={getattr(self, name)!r}' for name in names)})"

    def __reduce__(self) -> tuple[Any, ...]:
        return Retries, self.key()
