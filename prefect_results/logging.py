"""Loggers that print to stdout as the configuration says, at little cost per line.

What belongs here: the root logger and its children, the handler and formatter for stdout, the
context variables on log records, and the redirection of printed text. What does not: sending
logs away (`prefect_results.run_logs`), and what the engine has to say.
"""

from __future__ import annotations

import logging
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from prefect_results.configuration import set_temporary_config
from prefect_results.context import context
from prefect_results.run_logs import CloudHandler

# generic for type checkers; subscriptable from Python 3.11 on only
if TYPE_CHECKING:
    _StreamHandler = logging.StreamHandler[Any]
else:
    _StreamHandler = logging.StreamHandler

PREFECT_LOG_RECORD_ATTRIBUTES = (
    "flow_name",
    "flow_run_id",
    "task_name",
    "task_slug",
    "task_run_id",
)

# What a line can be made of without a LogRecord, in the order in which it is filled in.
_LINE_FIELDS = ("asctime", "levelname", "name", "message", "levelno")
_FIELD = re.compile(r"%\((\w+)\)(-?)(\d*)([sd])|%%|([{}])|%")

_original_log_record_factory = logging.getLogRecordFactory()


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
    return sys.__stdout__ if isinstance(sys.stdout, RedirectToLog) else sys.stdout


def _log_record_context_injector(*args: Any, **kwargs: Any) -> logging.LogRecord:
    """Make a log record that carries the context's names and ids of the flow and the task."""
    record = _original_log_record_factory(*args, **kwargs)
    data = context.current()
    for attr in PREFECT_LOG_RECORD_ATTRIBUTES:
        value = data.get(attr)
        if value:
            setattr(record, attr, value)
    for attr in _setting("log_attributes", ()):
        setattr(record, attr, context.get(attr))
    return record


def _setting(name: str, default: Any) -> Any:
    """Return a key of the `logging` section of the settings in force here."""
    settings = context.current().get("config") or {}
    return settings.get("logging", {}).get(name, default)


def _create_logger(name: str) -> logging.Logger:
    """Return a logger with our two handlers, set up anew from the configuration."""
    if logging.getLogRecordFactory() is _original_log_record_factory:
        logging.setLogRecordFactory(_log_record_context_injector)
    logger = logging.getLogger(name)
    for handler in list(logger.handlers):
        if isinstance(handler, (StdoutHandler, CloudHandler)):
            logger.removeHandler(handler)
    settings = context.config.logging
    handler = StdoutHandler()
    handler.setFormatter(LineFormatter(settings.format, settings.datefmt))
    logger.addHandler(handler)
    logger.setLevel(settings.level)
    logger.addHandler(CloudHandler())
    return logger


def configure_logging(testing: bool = False) -> logging.Logger:
    """Set up the root logger of this library from the configuration; again, if need be.

    Args:
        testing: Set up a logger named "prefect-test-logger" instead.

    Returns:
        The logger that was set up.
    """
    return _create_logger("prefect-test-logger" if testing else root_name)


def set_root_name(name: str) -> logging.Logger:
    """Give the root logger another name; children asked for from now on are under it.

    Args:
        name: The name, such as "prefect" when this library serves that import name.
    """
    global root_name, prefect_logger
    root_name = name
    context.logger = prefect_logger = configure_logging()
    return prefect_logger


def configure_extra_loggers() -> None:
    """Set up the loggers that the setting `logging.extra_loggers` names."""
    for name in _setting("extra_loggers", ()):
        _create_logger(name)


def create_diagnostic_logger(name: str) -> logging.Logger:
    """Return a logger that prints as ours do and is never sent away.

    Args:
        name: Its full name.
    """
    logger = _create_logger(name)
    for handler in list(logger.handlers):
        if isinstance(handler, CloudHandler):
            logger.removeHandler(handler)
    return logger


def get_logger(name: str | None = None) -> logging.Logger:
    """Return the root logger of this library, or a child of it.

    Args:
        name: The child's name below the root; the root itself by default.
    """
    return prefect_logger if name is None else prefect_logger.getChild(name)


def emit_line(logger: logging.Logger, level: int, text: str) -> None:
    """Log a finished message as `logger.log(level, text)` would, faster where nobody can tell.

    Where stdout is the only place the message goes to and its format names neither the caller
    nor the context, no LogRecord is made. The level must have been checked:
    `if logger.isEnabledFor(level): emit_line(...)`.

    Args:
        logger: Any logger.
        level: A level of `logging`.
        text: The message, with everything filled in.
    """
    out: StdoutHandler | None = None
    node: logging.Logger | None = logger
    plain = logger.__class__ is logging.Logger and not logger.filters and not logger.disabled
    while plain and node is not None:
        for handler in node.handlers:
            if handler.__class__ is StdoutHandler and out is None:
                out = handler
            elif handler.__class__ is not CloudHandler or context.current().get(
                "running_with_backend"
            ):
                plain = False
        node = node.parent if node.propagate else None
    if not (plain and out is not None and out.emit_line(level, logger.name, text)):
        logger.log(level, text, stacklevel=2)


@contextmanager
def temporary_logger_config(
    level: int | str | None = None,
    stream_fmt: str | None = None,
    stream_datefmt: str | None = None,
) -> Iterator[logging.Logger]:
    """Set up the root logger differently inside a `with` block.

    Args:
        level: The level; as it is by default.
        stream_fmt: The format of lines on stdout.
        stream_datefmt: The format of their time.

    Yields:
        The root logger.
    """
    previous_level = get_logger().level
    overrides = {
        "logging.level": level,
        "logging.format": stream_fmt,
        "logging.datefmt": stream_datefmt,
    }
    try:
        with set_temporary_config({key: value for key, value in overrides.items() if value}):
            yield configure_logging()
    finally:
        configure_logging().setLevel(previous_level)


class RedirectToLog:
    """A stand-in for `sys.stdout` that logs what is printed, at level INFO.

    Args:
        logger: Where to; a child named "stdout" of the root logger by default.
    """

    def __init__(self, logger: logging.Logger | None = None) -> None:
        self.stdout_logger = logger or get_logger("stdout")

    def write(self, s: str) -> None:
        """Log text that is more than white space.

        Raises:
            TypeError: It is not text.
        """
        if not isinstance(s, str):
            raise TypeError(f"string argument expected, got {type(s)}")
        if s.strip():
            self.stdout_logger.info(s)

    def flush(self) -> None:
        """Flush the logger's handlers."""
        for handler in self.stdout_logger.handlers:
            handler.flush()

    def isatty(self) -> bool:
        """Return False: nobody types into a log."""
        return False


root_name = "prefect_results"
prefect_logger: logging.Logger = configure_logging()
context.logger = prefect_logger
configure_extra_loggers()
