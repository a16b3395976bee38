"""Projects, flows, tasks and edges in a run store."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import attrs
import pytest

from prefect_results.backend.store import Flow, RunStore, TaskRun
from prefect_results.exceptions import RecordExists, RecordNotFound
from prefect_results.testing.stores.given import MISSING, Given, serialized_flow


class FlowContract(Given):
    """Projects, flows, tasks and edges."""

    def test_project_is_found_by_id_and_name(self, store: RunStore) -> None:
        """A project can be read again by its id and by its name."""
        project = store.create_project("polar", "Birds.")
        assert store.get_project(project.id) == project == store.find_project("polar")
        assert (project.name, project.description) == ("polar", "Birds.")
        assert store.find_project("tropical") is None

    def test_project_names_are_unique(self, store: RunStore) -> None:
        """A second project of one name is refused."""
        store.create_project("polar")
        with pytest.raises(RecordExists, match="polar"):
            store.create_project("polar")

    def test_project_is_ensured_once(self, store: RunStore) -> None:
        """Callers that need a project at the same time get the same one."""
        with ThreadPoolExecutor(4) as pool:
            made = set(pool.map(store.ensure_project, ["polar"] * 8))
        assert made == {store.find_project("polar")}

    def test_projects_are_listed_by_name(self, store: RunStore) -> None:
        """Projects come sorted by name."""
        for name in ("c", "a", "b"):
            store.create_project(name)
        assert [project.name for project in store.list_projects()] == ["a", "b", "c"]

    def test_deleting_a_project_deletes_what_is_in_it(
        self, store: RunStore, flow: Flow, task_run: TaskRun
    ) -> None:
        """With a project go its flows, their runs and their task runs."""
        store.delete_project(flow.project_id)
        for read, key in (
            (store.get_project, flow.project_id),
            (store.get_flow, flow.id),
            (store.get_flow_run, task_run.flow_run_id),
            (store.get_task_run, task_run.id),
        ):
            with pytest.raises(RecordNotFound, match=key):
                read(key)

    def test_flow_keeps_its_wire_form(self, store: RunStore, flow: Flow) -> None:
        """The serialized flow comes back as it was given, key order included."""
        assert list(flow.serialized_flow) == list(serialized_flow())
        assert flow.serialized_flow == serialized_flow()
        assert flow.storage == {"type": "Local"}
        assert flow.settings["heartbeat_enabled"] is True
        assert store.get_flow(flow.id) == flow

    def test_new_version_archives_the_older(self, store: RunStore, flow: Flow) -> None:
        """Registering a flow of the same name again makes the next version and archives this."""
        newer = store.register_flow(flow.project_id, serialized_flow())
        assert (flow.version, newer.version) == (1, 2)
        assert newer.version_group_id == flow.version_group_id
        assert newer.flow_group_id == flow.flow_group_id
        assert store.get_flow(flow.id).archived
        assert not newer.archived
        assert [item.id for item in store.list_flows(name="penguins")] == [newer.id, flow.id]
        assert [item.id for item in store.list_flows(archived=False)] == [newer.id]

    def test_idempotency_key_registers_once(self, store: RunStore, flow: Flow) -> None:
        """The key of the newest version returns that version; another key makes a new one."""
        first = store.register_flow(flow.project_id, serialized_flow(), idempotency_key="a")
        again = store.register_flow(flow.project_id, serialized_flow(), idempotency_key="a")
        other = store.register_flow(flow.project_id, serialized_flow(), idempotency_key="b")
        assert first == again
        assert other.version == first.version + 1

    def test_version_group_may_be_chosen(self, store: RunStore, flow: Flow) -> None:
        """A named version group collects flows whatever they are called."""
        one = store.register_flow(flow.project_id, serialized_flow("a"), version_group_id="g")
        two = store.register_flow(flow.project_id, serialized_flow("b"), version_group_id="g")
        assert (one.version, two.version) == (1, 2)
        assert store.get_flow_group(one.flow_group_id).name == "g"
        assert store.list_flows(flow_group_id=one.flow_group_id, archived=False) == [two]

    def test_registering_needs_a_project_and_a_name(self, store: RunStore, flow: Flow) -> None:
        """An unknown project and a flow without a name are refused, and nothing is kept."""
        with pytest.raises(RecordNotFound, match=MISSING):
            store.register_flow(MISSING, serialized_flow())
        with pytest.raises(ValueError, match="name"):
            store.register_flow(flow.project_id, {"tasks": []})
        assert len(store.list_flows()) == 1

    def test_tasks_have_their_fields(self, store: RunStore, flow: Flow) -> None:
        """Tasks take their columns from the wire form and their place from the edges."""
        tasks = {task.slug: task for task in store.list_tasks(flow.id)}
        assert sorted(tasks) == ["clean-1", "load-1", "path", "sum-1"]
        load = tasks["load-1"]
        assert (load.name, load.max_retries, load.retry_delay) == ("load", 2, 1.5)
        assert load.trigger == "prefect.triggers.all_successful"
        assert load.tags == ["a", "b"]
        assert [slug for slug, task in sorted(tasks.items()) if task.mapped] == ["clean-1"]
        assert [slug for slug, task in tasks.items() if task.is_root_task] == ["path"]
        assert [slug for slug, task in tasks.items() if task.is_terminal_task] == ["sum-1"]
        assert [slug for slug, task in tasks.items() if task.is_reference_task] == ["sum-1"]

    def test_edges_join_tasks(self, store: RunStore, flow: Flow) -> None:
        """Edges name the ids of the tasks at their ends."""
        slugs = {task.id: task.slug for task in store.list_tasks(flow.id)}
        assert [
            (slugs[edge.upstream_task_id], slugs[edge.downstream_task_id], edge.mapped)
            for edge in store.list_edges(flow.id)
        ] == [("path", "load-1", False), ("load-1", "clean-1", True), ("clean-1", "sum-1", False)]

    def test_tasks_and_edges_may_come_in_batches(self, store: RunStore, flow: Flow) -> None:
        """Adding tasks and edges later, even twice, gives what registering at once gives."""
        whole = serialized_flow("batches")
        tasks, edges = whole.pop("tasks"), whole.pop("edges")
        late = store.register_flow(flow.project_id, whole)
        for _ in range(2):
            store.add_tasks(late.id, tasks[:3])
            store.add_tasks(late.id, tasks[2:])
            store.add_edges(late.id, edges)

        def shape(flow_id: str) -> Any:
            leave_out = attrs.filters.exclude("id", "flow_id", "created", "updated")
            return [attrs.asdict(task, filter=leave_out) for task in store.list_tasks(flow_id)]

        assert shape(late.id) == shape(flow.id)
        assert len(store.list_edges(late.id)) == 3

    def test_edge_to_an_unknown_task_is_refused(self, store: RunStore, flow: Flow) -> None:
        """An edge must name tasks of its flow."""
        edge = {"upstream_task": {"slug": "nobody-1"}, "downstream_task": {"slug": "sum-1"}}
        with pytest.raises(ValueError, match="nobody-1"):
            store.add_edges(flow.id, [edge])

    def test_flow_can_be_archived_switched_and_deleted(self, store: RunStore, flow: Flow) -> None:
        """Switches of a flow are kept; a deleted flow is gone with its tasks."""
        store.archive_flow(flow.id)
        store.set_schedule_active(flow.id)
        assert store.get_flow(flow.id).archived
        assert store.get_flow(flow.id).is_schedule_active
        store.delete_flow(flow.id)
        assert store.list_tasks(flow.id) == []
        with pytest.raises(RecordNotFound, match=flow.id):
            store.delete_flow(flow.id)

    def test_concurrent_registrations_number_their_versions(
        self, store: RunStore, flow: Flow
    ) -> None:
        """Registrations at the same time get different versions; one of them is not archived."""
        with ThreadPoolExecutor(4) as pool:
            jobs = [
                pool.submit(store.register_flow, flow.project_id, serialized_flow())
                for _ in range(8)
            ]
            versions = sorted(job.result().version for job in jobs)
        assert versions == list(range(2, 10))
        assert [item.version for item in store.list_flows(archived=False)] == [9]
