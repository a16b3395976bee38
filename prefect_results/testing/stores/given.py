"""What the tests of a run store start from: a flow, a run of it, states."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

from prefect_results.backend.store import Flow, FlowRun, RunStore, TaskRun

MOMENT = datetime(2021, 5, 12, 18, 0, 1, 696849, timezone.utc)
RUNNING = {"type": "Running", "message": "Starting task run."}
SUCCESS = {"type": "Success", "message": "Done.", "_result": {"type": "LocalResult"}}
MISSING = "00000000-0000-7000-8000-00000000dead"


def serialized_flow(name: str = "penguins", **others: Any) -> dict[str, Any]:
    """The wire form of a flow with a parameter, a mapped and a reduced task."""
    slugs = ("path", "load-1", "clean-1", "sum-1")
    ends = [("path", "load-1", False), ("load-1", "clean-1", True), ("clean-1", "sum-1", False)]
    return {
        "name": name,
        "type": "prefect.core.flow.Flow",
        "tasks": [
            {
                "slug": slug,
                "name": slug.split("-")[0],
                "type": "prefect.core.task.Task",
                "tags": ["b", "a"],
                "max_retries": 2,
                "retry_delay": 1.5,
                "trigger": {"fn": "prefect.triggers.all_successful", "kwargs": {}},
                "cache_key": f"key of {slug}",
            }
            for slug in slugs
        ],
        "edges": [
            {
                "upstream_task": {"slug": up},
                "downstream_task": {"slug": down},
                "key": "x",
                "mapped": mapped,
                "flattened": False,
            }
            for up, down, mapped in ends
        ],
        "reference_tasks": [{"slug": "sum-1"}],
        "parameters": [{"name": "path", "default": "penguins.csv"}],
        "storage": {"type": "Local"},
        "run_config": {"type": "LocalRun", "labels": ["blue"]},
        **others,
    }


class Given:
    """What the tests start from."""

    @pytest.fixture
    def flow(self, store: RunStore) -> Flow:
        """A registered flow."""
        project = store.create_project("polar")
        return store.register_flow(project.id, serialized_flow())

    @pytest.fixture
    def run(self, store: RunStore, flow: Flow) -> FlowRun:
        """A run of it."""
        return store.create_flow_run(flow.id)

    @pytest.fixture
    def task_run(self, store: RunStore, run: FlowRun) -> TaskRun:
        """The run of one of its tasks."""
        return store.get_or_create_task_run(run.id, task_slug="load-1")

    @staticmethod
    def task_id(store: RunStore, flow_id: str, slug: str) -> str:
        """The id of a task by slug."""
        return next(task.id for task in store.list_tasks(flow_id) if task.slug == slug)
