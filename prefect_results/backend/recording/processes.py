"""Which recorders there are in this process: of runs that are made here, or have tasks here.

A recorder that travels to a worker is opened anew where it arrives, once for each run. It is closed
when nothing is left of what arrived with it: what the tasks of a run share, say, which executors
drop when the run is over.
"""

from __future__ import annotations

import _thread
import contextlib
import threading
import weakref
from typing import TYPE_CHECKING, Any

from prefect_results.backend.recording.log_handler import RecordingHandler
from prefect_results.backend.recording.recorder import Known, Recorder
from prefect_results.backend.store import open_store
from prefect_results.exceptions import PrefectSignal
from prefect_results.logging import get_logger

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prefect_results.backend.recording.recorder import Key


class Arrived:
    """Stands for a recorder that was opened where it arrived, and has it closed when it goes.

    It is a listener of the engine (`engine.listening`).

    Args:
        recorder: the recorder; nothing that it refers to refers to this.
    """

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder
        self.task_run_changed = recorder.task_run_changed
        self.task_run_id = recorder.task_run_id
        # `Recorder.cached_states` travels as a method, and arrives bound to this.
        self._caches = recorder._caches
        self.flush = recorder.flush
        # It may go anywhere, with any lock in hand: what takes locks is done in another thread.
        end = weakref.finalize(self, _thread.start_new_thread, _end, (recorder,))
        end.atexit = False

    def __reduce__(self) -> Any:
        return self.recorder.__reduce__()


_recorders: dict[str, tuple[Recorder, RecordingHandler]] = {}
_arrived: weakref.WeakValueDictionary[str, Arrived] = weakref.WeakValueDictionary()
_made_here: set[str] = set()
_lock = threading.Lock()


@contextlib.contextmanager
def recorded_log(recorder: Recorder) -> Iterator[None]:
    """Record what is logged inside the block, in this process.

    Args:
        recorder: of the flow run.
    """
    with _lock:
        _add(recorder)
        _made_here.add(recorder.flow_run_id)
    try:
        yield
    finally:
        with _lock:
            _made_here.discard(recorder.flow_run_id)
            _remove(recorder.flow_run_id)


def reopened(
    url: str,
    flow_run_id: str,
    task_ids: dict[str, str],
    known: dict[Key, tuple[str, int]],
    stems: dict[str, str],
) -> Recorder | Arrived:
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
        if recorder is None or recorder.stems != stems:
            _remove(flow_run_id)
            runs = {key: Known(*run) for key, run in known.items()}
            recorder = Recorder(open_store(url), flow_run_id, task_ids, runs)
            recorder.stems = stems
            _add(recorder)
        elif flow_run_id in _made_here:
            return recorder
        arrived = _arrived.get(flow_run_id)
        if arrived is None or arrived.recorder is not recorder:
            arrived = _arrived[flow_run_id] = Arrived(recorder)
        return arrived


def _end(recorder: Recorder) -> None:
    """Close a recorder that arrived, unless it has arrived again."""
    with _lock:
        again = _arrived.get(recorder.flow_run_id)
        if again is not None and again.recorder is recorder:
            return
        if _recorders.get(recorder.flow_run_id, (None, None))[0] is recorder:
            _remove(recorder.flow_run_id)
    # What could not be written, the call that it belongs to has been told.
    with contextlib.suppress(Exception, PrefectSignal):
        recorder.close()


def _add(recorder: Recorder) -> None:
    handler: Any = RecordingHandler(recorder)
    _recorders[recorder.flow_run_id] = (recorder, handler)
    get_logger().addHandler(handler)


def _remove(flow_run_id: str) -> None:
    _, handler = _recorders.pop(flow_run_id, (None, None))
    if handler is not None:
        get_logger().removeHandler(handler)
