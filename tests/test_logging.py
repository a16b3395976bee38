"""Loggers: where they print, what a line looks like, what a record carries."""

from __future__ import annotations

import io
import logging
import re
import sys
from contextlib import redirect_stdout
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

import prefect_results.logging as ours
from prefect_results import clients, run_logs
from prefect_results.configuration import config, set_temporary_config
from prefect_results.context import context
from prefect_results.logging import (
    LineFormatter,
    RedirectToLog,
    StdoutHandler,
    configure_logging,
    create_diagnostic_logger,
    emit_line,
    get_logger,
    temporary_logger_config,
)
from prefect_results.run_logs import CloudHandler, LogManager

LINE = re.compile(r"\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[+-]\d{4}\] INFO - prefect_results\.x \| hi\n")


@pytest.fixture
def out():
    """What our root logger prints during the test, with nobody else listening."""
    text = io.StringIO()
    root = logging.getLogger()
    others, root.handlers[:] = list(root.handlers), []
    with redirect_stdout(text):
        configure_logging()
    yield text
    root.handlers[:] = others
    configure_logging()


def test_root_logger_follows_the_configuration(caplog):
    """Level and time format come from the configuration."""
    with set_temporary_config({"logging.level": "DEBUG", "logging.datefmt": "%Y -- %d"}):
        logger = configure_logging(testing=True)
        assert logger.level == logging.DEBUG
        logger.error("badness")
    assert logger.name == "prefect-test-logger"
    (record,) = [r for r in caplog.records if r.levelname == "ERROR"]
    assert record.asctime == datetime.now().strftime("%Y -- %d")


def test_configuring_twice_prints_once(out):
    """Setting up again replaces our handlers and keeps those of others."""
    root = get_logger()
    foreign = logging.NullHandler()
    root.addHandler(foreign)
    try:
        with redirect_stdout(out):
            configure_logging()
        get_logger("x").info("hi")
        assert foreign in root.handlers
    finally:
        root.removeHandler(foreign)
    assert len(out.getvalue().splitlines()) == 1


def test_children_are_below_the_root():
    """A child inherits from the root and is the same each time."""
    assert get_logger().name == "prefect_results"
    child = get_logger("child")
    assert child.name == "prefect_results.child"
    assert child.parent is get_logger()
    assert get_logger("child") is child


def test_root_can_be_renamed():
    """Under another name, new children are there and old ones still print."""
    old = get_logger()
    try:
        assert ours.set_root_name("h4-renamed") is get_logger()
        assert get_logger("x").name == "h4-renamed.x"
        assert context.logger.name == "h4-renamed"
        assert any(isinstance(h, StdoutHandler) for h in old.handlers)
    finally:
        ours.set_root_name("prefect_results")
        logging.getLogger("h4-renamed").handlers.clear()


def test_default_line(out):
    """The default format is that of Prefect 1.4.1, with a time zone."""
    get_logger("x").info("h%s", "i")
    assert LINE.fullmatch(out.getvalue())


def test_fast_line_is_the_same_line(out):
    """`emit_line` prints what logging prints."""
    emit_line(get_logger("x"), logging.INFO, "hi")
    assert LINE.fullmatch(out.getvalue())


def test_fast_line_takes_text_literally(out):
    """A percent sign in finished text is no format."""
    emit_line(get_logger("x"), logging.INFO, "100 %s %(name)s")
    assert out.getvalue().endswith("| 100 %s %(name)s\n")


def test_fast_line_reaches_other_handlers(out, caplog):
    """With another listener there is a real record, which names the caller."""
    logging.getLogger().addHandler(caplog.handler)
    emit_line(get_logger("x"), logging.INFO, "hi %d")
    (record,) = caplog.records
    assert record.getMessage() == "hi %d"
    assert record.filename == "test_logging.py"
    assert out.getvalue().count("\n") == 1


@pytest.mark.parametrize("where", ["filter", "disabled", "no propagation", "handler filter"])
def test_fast_line_respects_the_logger(out, where):
    """Filters and switches of loggers and handlers decide as they do in logging."""
    logger = get_logger(f"silent {where}")
    handler = next(h for h in get_logger().handlers if isinstance(h, StdoutHandler))
    if where == "filter":
        logger.addFilter(lambda record: False)
    elif where == "disabled":
        logger.disabled = True
    elif where == "no propagation":
        logger.propagate = False
        logger.addHandler(logging.NullHandler())
    else:
        handler.addFilter(lambda record: False)
    emit_line(logger, logging.INFO, "hi")
    assert out.getvalue() == ""


def test_fast_line_respects_the_handlers_level(out):
    """A handler with a level of its own drops what is below."""
    handler = next(h for h in get_logger().handlers if isinstance(h, StdoutHandler))
    handler.setLevel(logging.ERROR)
    emit_line(get_logger("x"), logging.INFO, "hi")
    emit_line(get_logger("x"), logging.ERROR, "ho")
    assert out.getvalue().endswith("ho\n")
    assert "hi" not in out.getvalue()


FIELDS = ["%(levelname)s", "%(levelname)-8s", "%(name)12s", "%(message)s", "%(levelno)d", "%%"]
FIELDS += ["%(asctime)s", "{}", "{3}", "%(filename)s", "%(levelname)08s", "%(levelno)03d", " | "]


@given(st.lists(st.sampled_from(FIELDS), min_size=1, max_size=6), st.sampled_from(["%H:%M", None]))
def test_line_formatter_formats_as_logging_does(parts, datefmt):
    """For any format string the text is that of the standard formatter."""
    fmt = "".join(["%(name)s", *parts])
    record = logging.LogRecord("a.b", logging.WARNING, "f.py", 3, "m {%s} %%", ("x",), None)
    expected = logging.Formatter(fmt, datefmt).format(record)
    formatter = LineFormatter(fmt, datefmt)
    assert formatter.format(record) == expected
    line = formatter.line(record.created, record.levelno, record.name, record.getMessage())
    assert line in (None, expected)


def test_common_formats_need_no_record():
    """The default format and its like take the short way, those with other fields do not."""
    assert LineFormatter(config.logging.format, config.logging.datefmt).line(0, 20, "n", "m")
    assert LineFormatter("%(message)s %(lineno)d", "%H").line(0, 20, "n", "m") is None


def test_formatter_renders_errors():
    """An exception is appended as logging does it."""
    try:
        1 / 0
    except ZeroDivisionError:
        record = logging.LogRecord("n", 40, "f", 1, "oh", (), sys.exc_info())
    assert "ZeroDivisionError" in LineFormatter("%(message)s", "%H").format(record)


def test_stamp_changes_with_the_second():
    """The text of the time is remembered for a second, no longer."""
    formatter = LineFormatter("%(asctime)s", "%S")
    assert formatter.stamp(1.9) == formatter.stamp(1.1) == "01"
    assert formatter.stamp(2.0) == "02"
    formatter.datefmt = "%S!"
    assert formatter.stamp(2.0) == "02!"


def test_user_format_is_used_on_stdout():
    """A format with the caller and context variables works on every way to stdout."""
    text = io.StringIO()
    fmt = "%(funcName)s %(task_name)s %(message)s"
    with redirect_stdout(text), context(task_name="tn"), temporary_logger_config(stream_fmt=fmt):
        emit_line(get_logger("x"), logging.INFO, "fast")
        get_logger("x").info("slow")
    name = "test_user_format_is_used_on_stdout"
    assert text.getvalue() == f"{name} tn fast\n{name} tn slow\n"


def test_closed_stdout_is_replaced(out, capsys):
    """When the stream was closed, the current one is used."""
    out.close()
    emit_line(get_logger("x"), logging.INFO, "hi")
    get_logger("x").info("ho")
    printed = capsys.readouterr()
    assert [line[-2:] for line in printed.out.splitlines()] == ["hi", "ho"]
    assert printed.err == ""


def test_records_carry_the_context(caplog):
    """Names and ids of the run are on each record, of any logger."""
    items = {name: name.upper() for name in ours.PREFECT_LOG_RECORD_ATTRIBUTES}
    with context(items):
        logging.getLogger("h4-any").error("hi")
    (record,) = caplog.records
    assert {name: getattr(record, name) for name in items} == items
    logging.getLogger("h4-any").error("outside")
    assert not hasattr(caplog.records[-1], "flow_name")


def test_more_attributes_by_configuration(caplog):
    """`logging.log_attributes` adds variables, None where the context has none."""
    with set_temporary_config({"logging.log_attributes": ["trace_id"]}):
        with context(trace_id="ID"):
            get_logger().error("hi")
        get_logger().error("ho")
    assert [record.trace_id for record in caplog.records] == ["ID", None]


def test_extra_loggers():
    """`logging.extra_loggers` names loggers that print as ours."""
    with set_temporary_config({"logging.extra_loggers": ["h4_extra"], "logging.level": "DEBUG"}):
        ours.configure_extra_loggers()
    extra = logging.getLogger("h4_extra")
    assert extra.level == logging.DEBUG
    assert any(isinstance(h, StdoutHandler) for h in extra.handlers)
    extra.handlers.clear()


def test_diagnostic_logger_is_never_sent():
    """It has our stdout handler and no handler that sends."""
    logger = create_diagnostic_logger("h4-diagnostics")
    assert [type(h) for h in logger.handlers] == [StdoutHandler]
    assert any(isinstance(h, CloudHandler) for h in get_logger().handlers)
    logger.handlers.clear()


def test_temporary_logger_config():
    """Level and formats change for the block and come back, also after an error."""
    before = get_logger().level

    def formats():
        return [h.formatter._fmt for h in get_logger().handlers if isinstance(h, StdoutHandler)]

    with pytest.raises(ZeroDivisionError), temporary_logger_config("CRITICAL", "%(message)s", "%H"):
        assert get_logger().level == logging.CRITICAL
        assert formats() == ["%(message)s"]
        1 / 0
    with temporary_logger_config() as logger:
        assert logger.level == before
    assert get_logger().level == before
    assert formats() == [config.logging.format]


def test_redirected_output_is_logged(caplog):
    """Printed text is logged at INFO, blank lines are not."""
    log = RedirectToLog()
    with redirect_stdout(log):
        print("TEST1")
        print("  ")
        print("TEST2", flush=True)
    assert [record.getMessage() for record in caplog.records] == ["TEST1", "TEST2"]
    assert {record.name for record in caplog.records} == {"prefect_results.stdout"}
    assert not log.isatty()
    with pytest.raises(TypeError, match="not int"):
        log.write(1)


def test_redirected_output_does_not_feed_back(out):
    """Logging set up while stdout is redirected to a log prints to the real one."""
    with redirect_stdout(RedirectToLog(get_logger("x"))):
        assert StdoutHandler().stream is sys.__stdout__


class Client:
    """Takes logs, or fails."""

    def __init__(self, error=None):
        self.batches = []
        self.error = error

    def write_run_logs(self, logs):
        if self.error:
            raise self.error
        self.batches.append(list(logs))


@pytest.fixture
def client(monkeypatch):
    """A registered client; the manager's thread is ours to stop."""
    client = Client()
    monkeypatch.setattr(clients, "_factory", lambda: client)
    manager = LogManager()
    monkeypatch.setattr(run_logs, "LOG_MANAGER", manager)
    yield client
    manager.stop()


def test_recorded_runs_send_their_logs(client):
    """Records of a recorded run reach the client with the ids of the run."""
    ids = {"flow_run_id": "f", "task_run_id": "t"}
    with context(running_with_backend=True, **ids):
        get_logger("x").info("one %d", 1)
        emit_line(get_logger("x"), logging.INFO, "two")
        get_logger("x").debug("below the level")
    get_logger("x").info("not recorded")
    run_logs.LOG_MANAGER.stop()
    logs = [log for batch in client.batches for log in batch]
    assert [log["message"] for log in logs] == ["one 1", "two"]
    assert {"flow_run_id", "task_run_id", "timestamp", "name", "level", "message"} == set(logs[0])
    assert (logs[0]["flow_run_id"], logs[0]["task_run_id"]) == ("f", "t")
    assert (logs[0]["name"], logs[0]["level"]) == ("prefect_results.x", "INFO")
    assert datetime.fromisoformat(logs[0]["timestamp"]).utcoffset() == timedelta(0)


def test_sending_can_be_switched_off(client):
    """`cloud.send_flow_run_logs = false` sends nothing."""
    off = set_temporary_config({"cloud.send_flow_run_logs": False})
    with off, context(running_with_backend=True):
        get_logger("x").info("hi")
    assert run_logs.LOG_MANAGER.thread is None


def test_large_logs_are_cut_and_batched(client, monkeypatch):
    """No entry and no batch is longer than it may be."""
    overhead = run_logs.LOG_OVERHEAD
    monkeypatch.setattr(run_logs, "MAX_LOG_SIZE", overhead + 10)
    monkeypatch.setattr(run_logs, "MAX_BATCH_LOG_SIZE", 3 * (overhead + 10))
    with context(running_with_backend=True), pytest.warns(UserWarning, match="truncated"):
        get_logger("x").info("h" * 100)
    for _ in range(4):
        run_logs.LOG_MANAGER.enqueue({"message": "h" * 10})
    run_logs.LOG_MANAGER.stop()
    assert all(len(batch) <= 2 for batch in client.batches)
    messages = [log["message"] for batch in client.batches for log in batch]
    assert messages == ["h" * 10] * 5


def test_failed_batches_are_kept():
    """What could not be sent is sent later, and a warning says so."""
    manager = LogManager()
    manager.client = Client(error=ValueError("oh no"))
    manager.queue.put({"message": "hi"})
    with pytest.warns(UserWarning, match=r"are kept for the next try.*ValueError\('oh no'\)"):
        manager._send_all()
    assert manager.pending_logs == [{"message": "hi"}]
    manager.client.error = None
    manager._send_all()
    assert manager.client.batches == [[{"message": "hi"}]]
    assert manager.pending_length == 0
