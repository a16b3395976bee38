"""The states of flow runs and task runs.

What belongs here: the classes, what they carry and answer, equality and pickling. What does
not: how a run goes from one state to the next (the engine) and the JSON form (the wire).
"""

from prefect_results.states.base import State
from prefect_results.states.codec import register_codec
from prefect_results.states.finished import (
    Cached,
    Cancelled,
    Failed,
    Finished,
    Looped,
    Mapped,
    Skipped,
    Success,
    TimedOut,
    TriggerFailed,
    ValidationFailed,
)
from prefect_results.states.meta import ClientFailed, Queued, Submitted, _MetaState
from prefect_results.states.pending import Paused, Pending, Resume, Retrying, Scheduled
from prefect_results.states.running import Cancelling, Running

__all__ = [
    "Cached",
    "Cancelled",
    "Cancelling",
    "ClientFailed",
    "Failed",
    "Finished",
    "Looped",
    "Mapped",
    "Paused",
    "Pending",
    "Queued",
    "Resume",
    "Retrying",
    "Running",
    "Scheduled",
    "Skipped",
    "State",
    "Submitted",
    "Success",
    "TimedOut",
    "TriggerFailed",
    "ValidationFailed",
    "_MetaState",
    "register_codec",
]
