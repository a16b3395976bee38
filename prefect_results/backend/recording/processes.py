"""Which recorders there are in this process: of runs that are made here, or have tasks here.

A recorder that travels to a worker is opened anew where it arrives, once for each run.
"""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING, Any

from prefect_results.backend.recording.log_handler import RecordingHandler
from prefect_results.backend.recording.recorder import Known, Recorder
from prefect_results.backend.store import open_store
from prefect_results.logging import get_logger

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prefect_results.backend.recording.recorder import Key

_recorders: dict[str, tuple[Recorder, RecordingHandler]] = {}
_lock = threading.Lock()


@contextlib.contextmanager
def recorded_log(recorder: Recorder) -> Iterator[None]:
    """Record what is logged inside the block, in this process.

    Args:
        recorder: of the flow run.
    """
    with _lock:
        _add(recorder)
    try:
        yield
    finally:
        with _lock:
            _remove(recorder.flow_run_id)


def reopened(
    url: str,
    flow_run_id: str,
    task_ids: dict[str, str],
    known: dict[Key, tuple[str, int]],
    stems: dict[str, str],
) -> Recorder:
    """The recorder of a flow run in a process that it arrives in; the log of tasks is recorded too.

    Args:
        url: of the run store.
        flow_run_id: the flow run.
        task_ids: see `Recorder`.
        known: see `Recorder`.
        stems: what the ids of new task runs start with, by slug; another time that the run is
            gone on with has others.
    """
    with _lock:
        recorder, _ = _recorders.get(flow_run_id, (None, None))
        if recorder is not None and recorder.stems == stems:
            return recorder
        _remove(flow_run_id)
        runs = {key: Known(*run) for key, run in known.items()}
        recorder = Recorder(open_store(url), flow_run_id, task_ids, runs)
        recorder.stems = stems
        _add(recorder)
        return recorder


def _add(recorder: Recorder) -> None:
    handler: Any = RecordingHandler(recorder)
    _recorders[recorder.flow_run_id] = (recorder, handler)
    get_logger().addHandler(handler)


def _remove(flow_run_id: str) -> None:
    _, handler = _recorders.pop(flow_run_id, (None, None))
    if handler is not None:
        get_logger().removeHandler(handler)
