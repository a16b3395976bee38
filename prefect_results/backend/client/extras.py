"""Logs, agents, secrets and limits.

What belongs here: methods of `Client` about what is neither a flow nor a run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from prefect_results.backend.client.base import BaseClient
from prefect_results.backend.client.graphql import with_args


class ExtraMethods(BaseClient):
    """Methods about logs, agents, secrets and limits."""

    def write_run_logs(self, logs: Sequence[Mapping[str, Any]]) -> None:
        """Add lines to the logs of runs.

        Args:
            logs: Each with `flow_run_id`, `message`, `level` and `name`; `task_run_id`,
                `timestamp` and `info` where they are known.

        Raises:
            ValueError: They were not written.
        """
        if not self.mutate("write_run_logs { success }", logs=logs)["success"]:
            raise ValueError("Writing logs failed.")

    def register_agent(
        self,
        agent_type: str,
        name: str | None = None,
        labels: Iterable[str] | None = None,
        agent_config_id: str | None = None,
    ) -> str:
        """Note an agent and return the id that it sends with its requests.

        Args:
            agent_type: Name of its class.
            name: What people call it.
            labels: Labels of the runs that it takes.
            agent_config_id: Id of a configuration that the API keeps for agents.
        """
        made = self.mutate(
            "register_agent { id }",
            type=agent_type,
            name=name,
            labels=list(labels or ()),
            tenant_id=self.tenant_id,
            agent_config_id=agent_config_id,
        )
        if not made["id"]:
            raise ValueError("Error registering agent")
        return str(made["id"])

    def get_agent_config(self, agent_config_id: str) -> dict[str, Any]:
        """Return the settings that the API keeps for agents."""
        field = with_args("agent_config", {"where": {"id": {"_eq": agent_config_id}}})
        found = self.request(f"query {{ {field} {{ settings }} }}")["agent_config"]
        settings: dict[str, Any] = found[0]["settings"]
        return settings

    def set_secret(self, name: str, value: Any) -> None:
        """Keep a secret.

        Raises:
            ValueError: It was not kept.
        """
        if not self.mutate("set_secret { success }", name=name, value=value)["success"]:
            raise ValueError("Setting secret failed.")

    def get_task_tag_limit(self, tag: str) -> int | None:
        """Return how many tasks with a tag may run at once; None if there is no limit."""
        field = with_args("task_tag_limit", {"where": {"tag": {"_eq": tag}}})
        found = self.request(f"query {{ {field} {{ limit }} }}")["task_tag_limit"]
        return int(found[0]["limit"]) if found else None

    def update_task_tag_limit(self, tag: str, limit: int) -> None:
        """Say how many tasks with a tag may run at once.

        Raises:
            ValueError: The limit is negative, or was not kept.
        """
        if limit < 0:
            raise ValueError("Concurrency limits must be >= 0")
        if not self.mutate("update_task_tag_limit { id }", tag=tag, limit=limit)["id"]:
            raise ValueError("Updating the task tag concurrency limit failed.")

    def delete_task_tag_limit(self, limit_id: str) -> None:
        """Delete a limit.

        Raises:
            ValueError: It was not deleted.
        """
        if not self.mutate("delete_task_tag_limit { success }", limit_id=limit_id)["success"]:
            raise ValueError("Deleting the task tag concurrency limit failed.")
