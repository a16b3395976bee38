"""Ready-made tasks, and the ones that operators, collections and constants in a flow become.

Importing this package hands the latter over to `prefect_results.core`. Not here: what a task is
(`prefect_results.core.task`) and how it runs (the engine).
"""

from prefect_results.core import Task
from prefect_results.tasks import control_flow, core

__all__ = ["Task", "control_flow", "core"]
