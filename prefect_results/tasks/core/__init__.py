"""Tasks that a flow makes by itself; each module registers its own with `prefect_results.core`."""

from prefect_results.tasks.core import (
    collections,
    constants,
    function,
    operators,
    resource_manager,
)

__all__ = ["collections", "constants", "function", "operators", "resource_manager"]
