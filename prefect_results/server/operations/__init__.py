"""What the API can do beside reading tables: importing this package declares all of it.

One module for each kind of thing that is changed; names and types are those that clients of Prefect
1.4.1 use.
"""

from prefect_results.server.operations import (
    absent,
    agents,
    artifacts,
    flow_runs,
    flows,
    general,
    key_values,
    logs,
    projects,
    task_runs,
)
from prefect_results.server.operations.registry import (
    INPUTS,
    MUTATIONS,
    OUTPUTS,
    QUERIES,
    Caller,
    Operation,
)

__all__ = [
    "Caller",
    "Operation",
    "QUERIES",
    "MUTATIONS",
    "INPUTS",
    "OUTPUTS",
    "absent",
    "agents",
    "artifacts",
    "flow_runs",
    "flows",
    "general",
    "key_values",
    "logs",
    "projects",
    "task_runs",
]
