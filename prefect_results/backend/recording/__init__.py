"""Recorded runs: each state of a flow run and of its task runs is written to a run store.

The runners do nothing else about results: a state is dumped through its schema, and dumping it is
what persists its result (PIN-4). `flow.run(record=True)` and `flow.run(resume=ID)` lead here.
"""

from prefect_results.backend.recording.recorder import Recorder
from prefect_results.backend.recording.runner import RecordingFlowRunner
from prefect_results.backend.recording.session import Session, begin

__all__ = ["Recorder", "RecordingFlowRunner", "Session", "begin"]
