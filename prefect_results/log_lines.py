"""A formatter and a handler for stdout that take little time per line.

What belongs here: turning a message into a line and writing it. What does not: which loggers have
these handlers, and with which format (`prefect_results.logging`).
"""

from __future__ import annotations

import logging
import re
import sys
import time
from typing import TYPE_CHECKING, Any

# generic for type checkers; subscriptable from Python 3.11 on only
if TYPE_CHECKING:
    _StreamHandler = logging.StreamHandler[Any]
else:
    _StreamHandler = logging.StreamHandler

# What a line can be made of without a LogRecord, in the order in which it is filled in.
_LINE_FIELDS = ("asctime", "levelname", "name", "message", "levelno")
_FIELD = re.compile(r"%\((\w+)\)(-?)(\d*)([sd])|%%|([{}])|%")


def _compile(fmt: str | None) -> str | None:
    """Return the `str.format` twin of a `%` format, or None when it needs a whole LogRecord."""
    supported = True

    def translate(match: re.Match[str]) -> str:
        nonlocal supported
        name, left, width, kind, brace = match.groups()
        if brace:
            return brace * 2
        if match.group() == "%%":
            return "%"
        if name not in _LINE_FIELDS or (kind == "d") != (name == "levelno"):
            supported = False
            return ""
        spec = f":{'<' if left else '>'}{width}" if width and width[0] != "0" else ""
        supported = supported and (bool(spec) or not width) and (bool(width) or not left)
        return f"{{{_LINE_FIELDS.index(name)}{spec}}}"

    template = _FIELD.sub(translate, fmt or "")
    return template if supported and fmt else None


class LineFormatter(logging.Formatter):
    """A `logging.Formatter` that writes the text of a second once and plain records directly."""

    def __init__(self, fmt: str | None = None, datefmt: str | None = None) -> None:
        super().__init__(fmt, datefmt)
        self._template = _compile(self._fmt) if datefmt else None
        self._stamp: tuple[int, str | None, str] = (-1, None, "")
        # what stands before and after the message, where it stands once and unpadded
        template = self._template or ""
        simple = template.count("{3") == template.count("{3}") == 1 and "{{" not in template
        head, _, tail = template.partition("{3}")
        self._around = (head, tail) if simple and "}}" not in template else None
        self._last: tuple[Any, ...] = (-1, None, None, None, "", "")

    def stamp(self, created: float) -> str:
        """Return the time as text.

        Args:
            created: Seconds since the epoch.
        """
        second = int(created)
        last, datefmt, text = self._stamp
        if second != last or datefmt is not self.datefmt:
            text = time.strftime(self.datefmt or "", self.converter(second))
            self._stamp = (second, self.datefmt, text)
        return text

    def line(self, created: float, level: int, name: str, message: str) -> str | None:
        """Return the line for a message, or None when the format asks for more than this."""
        if self._around is None:
            return None
        # most lines differ from the one before in their message only
        second, last_level, last_name, datefmt, head, tail = self._last
        if (
            int(created) != second
            or name is not last_name
            or level != last_level
            or datefmt is not self.datefmt
        ):
            fields = (self.stamp(created), logging.getLevelName(level), name, "", level)
            head, tail = (part.format(*fields) for part in self._around)
            self._last = (int(created), level, name, self.datefmt, head, tail)
        return f"{head}{message}{tail}"

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:
        """Return the record's time; see `logging.Formatter.formatTime`."""
        if datefmt and datefmt is self.datefmt:
            return self.stamp(record.created)
        return super().formatTime(record, datefmt)

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as text; see `logging.Formatter.format`."""
        if self._template is None or record.exc_info or record.exc_text or record.stack_info:
            return super().format(record)
        record.message = message = record.getMessage()
        record.asctime = stamp = self.stamp(record.created)
        return self._template.format(stamp, record.levelname, record.name, message, record.levelno)


class StdoutHandler(_StreamHandler):
    """Writes to what `sys.stdout` was when logging was configured, as Prefect 1.4.1 does.

    A task's redirected stdout therefore never feeds back into the log. A stream that has been
    closed since is replaced by the current one.
    """

    def __init__(self) -> None:
        super().__init__(_stdout())

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record; see `logging.StreamHandler.emit`."""
        if getattr(self.stream, "closed", False):
            self.stream = _stdout()
        super().emit(record)

    def emit_line(self, level: int, name: str, message: str) -> bool:
        """Write a message without making a LogRecord of it.

        Returns:
            False when that is not possible, and nothing was written.
        """
        formatter = self.formatter
        if formatter.__class__ is not LineFormatter or self.filters:
            return False
        if level < self.level:
            return True
        line = formatter.line(time.time(), level, name, message)
        stream = self.stream
        if line is None or getattr(stream, "closed", False):
            return False
        self.acquire()
        try:
            stream.write(line + self.terminator)
            stream.flush()
        except Exception:
            self.handleError(logging.LogRecord(name, level, "", 0, message, None, None))
        finally:
            self.release()
        return True


def _stdout() -> Any:
    """Return the current stdout, or the process's own while that is redirected to a log."""
    return sys.__stdout__ if hasattr(sys.stdout, "stdout_logger") else sys.stdout
