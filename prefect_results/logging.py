"""Loggers that print to stdout as the configuration says, at little cost per line.

What belongs here: the root logger and its children, the context variables on log records, and
the redirection of printed text. What does not: how a line is made and written
(`prefect_results.log_lines`), sending logs away (`prefect_results.run_logs`), and what the engine
has to say.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from prefect_results.configuration import set_temporary_config
from prefect_results.context import context
from prefect_results.log_lines import LineFormatter, StdoutHandler
from prefect_results.run_logs import CloudHandler

PREFECT_LOG_RECORD_ATTRIBUTES = (
    "flow_name",
    "flow_run_id",
    "task_name",
    "task_slug",
    "task_run_id",
)

_original_log_record_factory = logging.getLogRecordFactory()


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

    Where the message goes to handlers only that take a finished line (they have an `emit_line`, as
    the one for stdout has), and the format names neither the caller nor the context, no LogRecord
    is made. The level must have been checked: `if logger.isEnabledFor(level): emit_line(...)`.

    Args:
        logger: Any logger.
        level: A level of `logging`.
        text: The message, with everything filled in.
    """
    out: StdoutHandler | None = None
    others: list[Any] = []
    node: logging.Logger | None = logger
    plain = logger.__class__ is logging.Logger and not logger.filters and not logger.disabled
    while plain and node is not None:
        for handler in node.handlers:
            if handler.__class__ is StdoutHandler and out is None:
                out = handler
            elif hasattr(handler, "emit_line"):
                others.append(handler)
            elif handler.__class__ is not CloudHandler or context.current().get(
                "running_with_backend"
            ):
                plain = False
        node = node.parent if node.propagate else None
    if not (plain and out is not None and out.emit_line(level, logger.name, text)):
        logger.log(level, text, stacklevel=2)
        return
    for handler in others:
        handler.emit_line(level, logger.name, text)


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
            raise TypeError(f"only text can be written to a log, not {type(s).__name__}")
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
