"""How far a flow run is, shown while it lasts; off by default (`flows.progress`).

What belongs here: counts of task runs, and the two ways to show them. What does not: where the
engine gets the counts from (`engine.watching`).
"""

from prefect_results.progress.counts import Counts, TaskCount
from prefect_results.progress.showing import Showing, showing

__all__ = ["Counts", "Showing", "TaskCount", "showing"]
