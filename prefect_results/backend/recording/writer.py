"""A thread that writes what a recorder hands it, many events in one transaction.

Events gather for a moment before they are committed, and while others are, so that a busy run is
written in large batches. Nothing waits for it but `flush`, and a run that is ahead of it.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

# Events in one transaction at most; keeps it short for others who write to the same store.
BATCH = 2_000
# How long events gather, in seconds: a transaction costs as much as some thirty of them.
GATHER = 0.02
# How old an event may get before it is committed, in seconds: what a kill can lose at most.
LAG = 0.05


class Writer:
    """Writes events in the order in which they were put.

    Args:
        write: writes a list of events; called in the writer's thread only.
    """

    def __init__(self, write: Callable[[list[Any]], None]) -> None:
        self._write = write
        self._events: deque[Any] = deque()
        self._wake = threading.Event()
        # Set when somebody waits: what there is is committed at once.
        self._urgent = threading.Event()
        self._idle = threading.Condition()
        self._put = 0
        self._written = 0
        # When the oldest event of those that wait, and of those that are written, was put.
        self._waiting_since = 0.0
        self._writing_since: float | None = None
        self._closing = False
        self.error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="run-recorder", daemon=True)
        self._thread.start()

    def put(self, event: Any) -> None:
        """Hand over an event; waits while the writer is behind.

        Raises:
            Exception: what writing an earlier event failed with.
        """
        if self.error is not None:
            raise self.error
        now = time.monotonic()
        if not self._events:
            self._waiting_since = now
        self._events.append(event)
        self._put += 1
        # Setting costs more than asking; the writer clears it before it looks for events.
        if not self._wake.is_set():
            self._wake.set()
        since = self._writing_since
        if now - (self._waiting_since if since is None else since) > LAG:
            self.flush()

    def flush(self) -> None:
        """Wait until all events so far are committed.

        Raises:
            Exception: what writing failed with.
        """
        target = self._put
        if self._written < target:
            self._urgent.set()
        with self._idle:
            self._idle.wait_for(lambda: self.error is not None or self._written >= target)
        if self.error is not None:
            raise self.error

    def close(self) -> None:
        """Write what is left, and end the thread.

        Raises:
            Exception: what writing failed with.
        """
        self._closing = True
        self._urgent.set()
        self._wake.set()
        self._thread.join()
        if self.error is not None:
            raise self.error

    def _gather(self) -> None:
        """Let events gather, unless somebody waits or there are many."""
        age = time.monotonic() - self._waiting_since
        if age < GATHER and len(self._events) < BATCH:
            self._urgent.wait(GATHER - age)
        # Who waits from now on waits for events that are taken now, or sets it again.
        self._urgent.clear()

    def _run(self) -> None:
        while True:
            self._wake.wait()
            self._wake.clear()
            while self._events:
                self._gather()
                self._writing_since = self._waiting_since
                batch = [self._events.popleft() for _ in range(min(BATCH, len(self._events)))]
                try:
                    self._write(batch)
                except BaseException as exc:
                    self.error = exc
                with self._idle:
                    self._written += len(batch)
                    self._waiting_since = time.monotonic()
                    self._writing_since = None
                    self._idle.notify_all()
                if self.error is not None:
                    return
            if self._closing:
                return
