"""Tasks and blocks that decide what runs: branches, merges, filters."""

from prefect_results.tasks.control_flow.case import case
from prefect_results.tasks.control_flow.conditional import ifelse, merge, switch
from prefect_results.tasks.control_flow.filter import FilterTask

__all__ = ["FilterTask", "case", "ifelse", "merge", "switch"]
