"""Access to the runs behind an API: this library's server, or a legacy Prefect Server.

What belongs here: which queries are sent, and records made of the answers. What does not: sending
them (`client`). Only what Hasura's API of Prefect Server 1 understands is used.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from prefect_results.backend.access.port import RunAccess
from prefect_results.backend.access.records import (
    AgentData,
    FlowData,
    FlowRunData,
    Json,
    LogData,
    StateData,
    TaskRunData,
    TenantData,
)
from prefect_results.backend.client import Client, EnumValue, with_args
from prefect_results.exceptions import VersionLockMismatchSignal

_FLOW = (
    "{ id name flow_group_id version archived core_version settings run_config storage "
    "serialized_flow project { name } flow_group { labels } }"
)
_FLOW_RUN = (
    "{ id name flow_id version labels parameters context run_config updated serialized_state "
    "states { timestamp serialized_state } }"
)
_TASK_RUN = "{ id name flow_run_id map_index serialized_state task { id slug } }"
_ASCENDING = EnumValue("asc")
_NEWEST = {"created": EnumValue("desc")}


def _is(value: object) -> dict[str, object]:
    return {"_eq": value}


class RemoteRuns(RunAccess):
    """The runs behind an API.

    Args:
        client: Whom to ask.
    """

    def __init__(self, client: Client) -> None:
        self.client = client

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.client!r})"

    @property
    def address(self) -> str:
        return self.client.api_server

    def _select(self, table: str, selection: str, **arguments: Any) -> list[dict[str, Any]]:
        field = with_args(table, arguments) if arguments else table
        found: list[dict[str, Any]] = self.client.request(f"query {{ {field} {selection} }}")[table]
        return found

    def _one(self, table: str, id: str, selection: str) -> dict[str, Any] | None:
        if not _is_uuid(id):
            # The type of the column makes such a comparison an error.
            return None
        found = self._select(table, selection, where={"id": _is(id)})
        return found[0] if found else None

    # Flows

    def flow(self, flow_id: str) -> FlowData | None:
        found = self._one("flow", flow_id, _FLOW)
        return None if found is None else _flow(found)

    def newest_flow(self, flow_group_id: str) -> FlowData | None:
        if not _is_uuid(flow_group_id):
            return None
        where = {"flow_group_id": _is(flow_group_id)}
        found = self._select("flow", _FLOW, where=where, order_by=_NEWEST, limit=1)
        return _flow(found[0]) if found else None

    def named_flows(self, name: str, project_name: str | None = "") -> list[FlowData]:
        where: dict[str, Any] = {"name": _is(name), "archived": _is(False)}
        if project_name != "":
            known = {"_is_null": True} if project_name is None else _is(project_name)
            where["project"] = {"name": known}
        return [_flow(one) for one in self._select("flow", _FLOW, where=where, order_by=_NEWEST)]

    def flow_names(self) -> list[str]:
        found = self._select("flow", "{ name }", where={"archived": _is(False)})
        return sorted({one["name"] for one in found})

    # Flow runs

    def flow_run(self, flow_run_id: str) -> FlowRunData | None:
        run = self._one("flow_run", flow_run_id, _FLOW_RUN)
        if run is None:
            return None
        return FlowRunData(
            id=run["id"],
            name=run["name"],
            flow_id=run["flow_id"],
            version=run["version"],
            labels=run["labels"] or (),
            parameters=run["parameters"],
            context=run["context"],
            run_config=run["run_config"],
            updated=_moment(run["updated"]),
            serialized_state=run["serialized_state"],
            states=tuple(
                StateData(
                    timestamp=_moment(one["timestamp"]), serialized_state=one["serialized_state"]
                )
                for one in run["states"]
            ),
        )

    def flow_run_state(self, flow_run_id: str) -> Json:
        found = self._one("flow_run", flow_run_id, "{ serialized_state }")
        return None if found is None else found["serialized_state"]

    def logs(
        self, flow_run_id: str, since: datetime | None, until: datetime | None
    ) -> list[LogData]:
        within = {
            "_gt": None if since is None else since.isoformat(),
            "_lte": None if until is None else until.isoformat(),
        }
        bounds = {name: moment for name, moment in within.items() if moment is not None}
        where = {"timestamp": bounds} if bounds else {}
        lines = with_args("logs", {"where": where, "order_by": {"timestamp": _ASCENDING}})
        selection = f"{{ {lines} {{ timestamp level message }} }}"
        found = self._one("flow_run", flow_run_id, selection)
        return [
            LogData(
                timestamp=_moment(line["timestamp"]), level=line["level"], message=line["message"]
            )
            for line in (found or {"logs": ()})["logs"]
        ]

    def create_flow_run(
        self,
        flow_id: str,
        *,
        parameters: Mapping[str, Json] | None = None,
        context: Mapping[str, Json] | None = None,
        labels: Iterable[str] | None = None,
        name: str | None = None,
        run_config: Json = None,
        scheduled_start_time: datetime | None = None,
        idempotency_key: str | None = None,
    ) -> str:
        return self.client.create_flow_run(
            flow_id=flow_id,
            parameters=parameters,
            context=context,
            labels=labels,
            run_name=name,
            run_config=run_config,
            scheduled_start_time=scheduled_start_time,
            idempotency_key=idempotency_key,
        )

    def set_flow_run_state(self, flow_run_id: str, state: Json, version: int | None = None) -> bool:
        one = {"flow_run_id": flow_run_id, "state": state, "version": version}
        try:
            self.client.mutate("set_flow_run_states { states { id } }", states=[one])
        except VersionLockMismatchSignal:
            return False
        return True

    def set_flow_run_name(self, flow_run_id: str, name: str) -> bool:
        return self.client.set_flow_run_name(flow_run_id, name)

    def cancel_flow_run(self, flow_run_id: str) -> str:
        return self.client.cancel_flow_run(flow_run_id)

    # Task runs

    def task_run(self, task_run_id: str) -> TaskRunData | None:
        found = self._one("task_run", task_run_id, _TASK_RUN)
        return None if found is None else _task_run(found)

    def _task_runs(self, flow_run_id: str, selection: str, **arguments: Any) -> list[Any]:
        if not _is_uuid(flow_run_id):
            return []
        where = {"flow_run_id": _is(flow_run_id), **arguments.pop("where", {})}
        return self._select("task_run", selection, where=where, **arguments)

    def find_task_run(self, flow_run_id: str, task_slug: str, map_index: int) -> TaskRunData | None:
        where = {"task": {"slug": _is(task_slug)}, "map_index": _is(map_index)}
        found = self._task_runs(flow_run_id, _TASK_RUN, where=where)
        return _task_run(found[0]) if found else None

    def children(
        self, flow_run_id: str, task_slug: str, after: int, limit: int
    ) -> list[TaskRunData]:
        where = {"task": {"slug": _is(task_slug)}, "map_index": {"_gt": after}}
        order = {"map_index": _ASCENDING}
        found = self._task_runs(flow_run_id, _TASK_RUN, where=where, order_by=order, limit=limit)
        return [_task_run(one) for one in found]

    def task_runs(
        self, flow_run_id: str, *, children: bool = True, without: Iterable[str] = ()
    ) -> list[TaskRunData]:
        where: dict[str, Any] = {} if children else {"map_index": _is(-1)}
        skipped = list(without)
        if skipped:
            where["id"] = {"_nin": skipped}
        return [_task_run(one) for one in self._task_runs(flow_run_id, _TASK_RUN, where=where)]

    def task_run_ids(self, flow_run_id: str) -> list[str]:
        return [one["id"] for one in self._task_runs(flow_run_id, "{ id }")]

    def task_slugs(self, flow_run_id: str) -> list[str]:
        found = self._one("flow_run", flow_run_id, "{ flow { tasks { slug } } }")
        return [] if found is None else sorted(task["slug"] for task in found["flow"]["tasks"])

    def last_map_index(self, flow_run_id: str, task_slug: str) -> int | None:
        where = {"task": {"slug": _is(task_slug)}}
        order = {"map_index": EnumValue("desc")}
        found = self._task_runs(flow_run_id, "{ map_index }", where=where, order_by=order, limit=1)
        return int(found[0]["map_index"]) if found else None

    # Tenants, agents, key-value pairs, artifacts

    def tenants(self) -> list[TenantData]:
        found = [TenantData(**one) for one in self._select("tenant", "{ id name slug }")]
        return sorted(found, key=lambda one: one.id != self.client.tenant_id)

    def agents(self) -> list[AgentData]:
        return [
            AgentData(
                id=one["id"],
                name=one["name"],
                labels=one["labels"] or (),
                last_queried=one["last_queried"] and _moment(one["last_queried"]),
            )
            for one in self._select("agent", "{ id name labels last_queried }")
        ]

    def set_key_value(self, key: str, value: Json) -> str:
        return str(self.client.mutate("set_key_value { id }", key=key, value=value)["id"])

    def get_key_value(self, key: str) -> Json:
        found = self._select("key_value", "{ value }", where={"key": _is(key)})
        if not found:
            raise KeyError(key)
        return found[0]["value"]

    def delete_key(self, key: str) -> bool:
        found = self._select("key_value", "{ id }", where={"key": _is(key)})
        if not found:
            return False
        done = self.client.mutate("delete_key_value { success }", key_value_id=found[0]["id"])
        return bool(done["success"])

    def list_keys(self) -> list[str]:
        return sorted(one["key"] for one in self._select("key_value", "{ key }"))

    def create_artifact(self, task_run_id: str, kind: str, data: Json) -> str:
        return self.client.create_task_run_artifact(task_run_id, kind, data)

    def update_artifact(self, artifact_id: str, data: Json) -> None:
        self.client.update_task_run_artifact(artifact_id, data)

    def delete_artifact(self, artifact_id: str) -> None:
        self.client.delete_task_run_artifact(artifact_id)

    def page_of(self, kind: str, id: str) -> str:
        return self.client.get_cloud_url(kind, id)


def _flow(one: Mapping[str, Any]) -> FlowData:
    return FlowData(
        id=one["id"],
        name=one["name"],
        flow_group_id=one["flow_group_id"],
        project_name=(one["project"] or {}).get("name"),
        version=one["version"],
        archived=one["archived"],
        core_version=one["core_version"],
        settings=one["settings"],
        run_config=one["run_config"],
        storage=one["storage"],
        serialized_flow=one["serialized_flow"],
        group_labels=(one["flow_group"] or {}).get("labels"),
    )


def _task_run(one: Mapping[str, Any]) -> TaskRunData:
    return TaskRunData(
        id=one["id"],
        name=one["name"],
        flow_run_id=one["flow_run_id"],
        task_id=one["task"]["id"],
        task_slug=one["task"]["slug"],
        map_index=one["map_index"],
        serialized_state=one["serialized_state"],
    )


def _moment(text: str) -> datetime:
    # Not `fromisoformat`, which before Python 3.11 takes fractions of 3 or 6 digits only.
    import pendulum

    moment: Any = pendulum.parse(text)
    return moment  # type: ignore[no-any-return]


def _is_uuid(text: object) -> bool:
    from uuid import UUID

    try:
        UUID(str(text))
    except ValueError:
        return False
    return True
