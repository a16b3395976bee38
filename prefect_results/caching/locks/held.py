"""What a process knows of a lock that it holds.

Not here: whether it holds it still; see `storage`.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prefect_results.caching.locks.chain import Chain


class Held:
    """A lock that is held here, as far as is known.

    Args:
        chain: its objects.
        holder: who holds it.
        tokens: of those who took it in turn, this one last.
        until: the moment of the holder's clock before which nobody can have taken over.
        descriptors: of files that show that this process lives.
        end: the moment after which it is not kept any longer; None for never.
    """

    __slots__ = (
        *("beats", "chain", "descriptors", "end", "holder", "is_lost", "is_over", "mutex"),
        *("tokens", "until"),
    )

    def __init__(
        self,
        chain: Chain,
        holder: str,
        tokens: tuple[str, ...],
        until: float,
        descriptors: list[int],
        end: float | None = None,
    ) -> None:
        self.chain = chain
        self.holder = holder
        self.tokens = tokens
        self.until = until
        self.descriptors = descriptors
        self.end = end
        self.beats = 0
        self.is_lost = False
        self.is_over = False
        self.mutex = threading.RLock()
