"""Agents: processes that execute the flow runs that are scheduled in a run store.

What belongs here: taking runs, starting and watching their processes. What does not: recording a
run (`recording`) and creating one (`access`, `tasks`).
"""

from prefect_results.backend.agent.agent import LocalAgent, run_agent
from prefect_results.backend.agent.companion import execute_soon, stop_companion

__all__ = ["LocalAgent", "execute_soon", "run_agent", "stop_companion"]
