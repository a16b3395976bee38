"""Flows, tasks, edges and parameters: what a user writes down before anything runs.

Nothing here runs a task. The engine, the operators, the collection tasks and the cache
validators are handed over by the rooms above, when they are imported.
"""

from __future__ import annotations

from prefect_results.core.annotations import EdgeAnnotation, flatten, mapped, unmapped
from prefect_results.core.blocks import pause_task, tags
from prefect_results.core.conversion import as_task
from prefect_results.core.edge import Edge
from prefect_results.core.flow import Flow
from prefect_results.core.function import FunctionTask, defaults_from_attrs, task
from prefect_results.core.mapping import apply_map
from prefect_results.core.parameter import DateTimeParameter, Parameter
from prefect_results.core.task import Task

__all__ = [
    "DateTimeParameter",
    "Edge",
    "EdgeAnnotation",
    "Flow",
    "FunctionTask",
    "Parameter",
    "Task",
    "apply_map",
    "as_task",
    "defaults_from_attrs",
    "flatten",
    "mapped",
    "pause_task",
    "tags",
    "task",
    "unmapped",
]
