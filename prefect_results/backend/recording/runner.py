"""`RecordingFlowRunner`: a flow runner whose states are recorded.

The task runners are the engine's own: they tell the recorder of each state, and know no more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prefect_results.engine import FlowRunner
from prefect_results.engine.listening import LISTENER

if TYPE_CHECKING:
    from prefect_results.backend.recording.recorder import Recorder
    from prefect_results.states import State


class RecordingFlowRunner(FlowRunner):
    """Runs a flow and records the states of the flow run.

    The recorder is the listener in the context given to `run`.
    """

    _recorder: Recorder | None = None

    def run(self, *args: Any, **kwargs: Any) -> State:
        """Run the flow; see `FlowRunner.run`."""
        self._recorder = (kwargs.get("context") or {}).get(LISTENER)
        return super().run(*args, **kwargs)

    def handle_state_change(self, old_state: State, new_state: State) -> State:
        """Announce a change of state to the handlers, then record it."""
        new_state = super().handle_state_change(old_state, new_state)
        if self._recorder is not None:
            self._recorder.flow_run_changed(new_state)
        return new_state
