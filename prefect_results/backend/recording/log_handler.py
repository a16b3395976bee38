"""The logging handler that sends the lines of a recorded run to its recorder."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from prefect_results.context import context as ambient

if TYPE_CHECKING:
    from prefect_results.backend.recording.recorder import Recorder


class RecordingHandler(logging.Handler):
    """Records each line that is logged while its flow run is in the ambient context.

    Args:
        recorder: of the flow run.
    """

    def __init__(self, recorder: Recorder) -> None:
        super().__init__()
        self._recorder = recorder
        self.setFormatter(logging.Formatter())

    def emit(self, record: logging.LogRecord) -> None:
        """Record one log record, with its traceback where it has one."""
        try:
            self._line(record.levelname, record.name, self.format(record), record.created)
        except Exception:
            self.handleError(record)

    def emit_line(self, level: int, name: str, message: str) -> bool:
        """Record a finished line without a log record; see `logging.emit_line`."""
        self._line(logging.getLevelName(level), name, message, time.time())
        return True

    def _line(self, level: str, name: str, message: str, created: float) -> None:
        context = ambient.current()
        if context.get("flow_run_id") != self._recorder.flow_run_id:
            return
        task_run_id = context.get("task_run_id") if "task_full_name" in context else None
        self._recorder.log(level, name, message, task_run_id, created)
