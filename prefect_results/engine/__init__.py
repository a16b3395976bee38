"""The engine: what takes flows and tasks from state to state.

`FlowRunner` decides which task runs when and with what; `TaskRunner` is the list of steps of one
task run; each step is a function in the module of its concern.
"""

from __future__ import annotations

from typing import Any

from prefect_results.core.running import register_flow_runner
from prefect_results.engine.defaults import configured_class
from prefect_results.engine.flow_runner import FlowRunner
from prefect_results.engine.task_runner import TaskRunner
from prefect_results.executors.local import LocalExecutor

__all__ = [
    "FlowRunner",
    "TaskRunner",
    "get_default_executor_class",
    "get_default_flow_runner_class",
    "get_default_task_runner_class",
]


def get_default_executor_class() -> Any:
    """The executor class that `engine.executor.default_class` names; `LocalExecutor` by default."""
    return configured_class("executor", LocalExecutor)


def get_default_flow_runner_class() -> Any:
    """The runner class that `engine.flow_runner.default_class` names; `FlowRunner` by default."""
    return configured_class("flow_runner", FlowRunner)


def get_default_task_runner_class() -> Any:
    """The runner class that `engine.task_runner.default_class` names; `TaskRunner` by default."""
    return configured_class("task_runner", TaskRunner)


register_flow_runner(get_default_flow_runner_class)
