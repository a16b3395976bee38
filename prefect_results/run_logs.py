"""Log records of recorded runs, on their way to the API.

What belongs here: the handler that picks the records and the thread that sends them in batches.
What does not: the client that is handed the batches (`prefect_results.clients`), and how lines
look (`prefect_results.logging`).
"""

from __future__ import annotations

import atexit
import contextlib
import logging
import threading
import warnings
from queue import Empty, Queue
from typing import Any

from prefect_results.clients import make_client
from prefect_results.context import context

# Sizes are in characters of the JSON that is sent.
MAX_LOG_SIZE = 1_000_000
MAX_BATCH_LOG_SIZE = 4_000_000
# what a log entry has besides its message: keys, quotes and the longest usual values
LOG_OVERHEAD = 298


def getlogsize(log: dict[str, Any]) -> int:
    """Return about how long a log entry is as JSON, in characters."""
    return len(log.get("message", "")) + LOG_OVERHEAD


class LogManager:
    """Collects log entries and sends them from a thread, in batches of a limited size.

    What could not be sent is kept and sent with the next batch.
    """

    def __init__(self) -> None:
        self.queue: Queue[dict[str, Any]] = Queue()
        self.pending_logs: list[dict[str, Any]] = []
        self.pending_length = 0
        self.thread: threading.Thread | None = None
        self.client: Any = None
        self.logging_period: float = 5
        self._ended = threading.Event()

    def ensure_started(self) -> None:
        """Start the thread, unless it runs."""
        if self.thread is not None:
            return
        self.client = make_client()
        self.logging_period = context.config.cloud.logging_heartbeat
        self._ended.clear()
        self.thread = threading.Thread(
            target=self._send_again_and_again, name="prefect-log-manager", daemon=True
        )
        self.thread.start()
        atexit.register(self._stop_at_exit)

    def enqueue(self, message: dict[str, Any]) -> None:
        """Add an entry to what will be sent."""
        self.ensure_started()
        self.queue.put(message)

    def stop(self) -> None:
        """Send what is left and end the thread."""
        thread, self.thread = self.thread, None
        if thread is None:
            return
        self._ended.set()
        thread.join()
        self._send_all()
        self.client = None

    def _stop_at_exit(self) -> None:
        """Stop at the interpreter's exit, even when a termination signal comes in between."""
        with contextlib.suppress(SystemExit):
            return self.stop()
        # What the signal broke off is done now; a second one is meant.
        self._send_all()

    def _send_again_and_again(self) -> None:
        while not self._ended.wait(self.logging_period):
            self._send_all()

    def _send_all(self) -> None:
        """Send batch after batch until the queue is empty or sending fails."""
        # one more entry must always fit
        limit = max(MAX_BATCH_LOG_SIZE - MAX_LOG_SIZE, MAX_LOG_SIZE)
        more = True
        while more:
            more = self._fill_batch(limit)
            if self.pending_logs:
                more = self._send_batch() and more

    def _fill_batch(self, limit: int) -> bool:
        """Take entries off the queue; return whether there may be more."""
        while self.pending_length < limit:
            try:
                log = self.queue.get_nowait()
            except Empty:
                return False
            self.pending_length += getlogsize(log)
            self.pending_logs.append(log)
        return True

    def _send_batch(self) -> bool:
        """Send the batch; return whether that worked."""
        try:
            self.client.write_run_logs(self.pending_logs)
        except Exception as exc:
            warnings.warn(
                f"{len(self.pending_logs):,} log entries could not be sent and are kept for the "
                f"next try; {self.queue.qsize():,} more wait: {exc!r}",
                stacklevel=2,
            )
            return False
        self.pending_logs = []
        self.pending_length = 0
        return True


class CloudHandler(logging.Handler):
    """Passes the records of a recorded run on to `LOG_MANAGER`, and nothing else."""

    def emit(self, record: logging.LogRecord) -> None:
        """Enqueue a record, if this run is recorded and the settings want its logs sent."""
        if not context.get("running_with_backend"):
            return
        settings = context.config
        if not settings.cloud.send_flow_run_logs:
            return
        if record.levelno < getattr(logging, settings.logging.level, logging.INFO):
            return
        log = self._entry(record)
        size = getlogsize(log)
        if size > MAX_LOG_SIZE:
            warnings.warn(
                f"Received a log of size {size} bytes, exceeding the limit of {MAX_LOG_SIZE}. "
                "The message will be truncated.",
                stacklevel=2,
            )
            log["message"] = log["message"][: MAX_LOG_SIZE - LOG_OVERHEAD]
        LOG_MANAGER.enqueue(log)

    def _entry(self, record: logging.LogRecord) -> dict[str, Any]:
        """Return what the API stores of a record."""
        from datetime import datetime, timezone

        return {
            "flow_run_id": context.get("flow_run_id"),
            "task_run_id": context.get("task_run_id"),
            "timestamp": datetime.fromtimestamp(record.created, timezone.utc).isoformat(),
            "name": record.name,
            "level": record.levelname,
            "message": self.format(record),
        }


LOG_MANAGER = LogManager()
