"""`FlowView`: a registered version of a flow.

What belongs here: constructors and attributes, those of Prefect 1.4.1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from prefect_results.backend.access import open_access
from prefect_results.backend.recording.session import PROJECT
from prefect_results.backend.views import missing
from prefect_results.collections import Config
from prefect_results.exceptions import FlowNotFound

if TYPE_CHECKING:
    from prefect_results.backend.access import FlowData, RunAccess, Source
    from prefect_results.core import Flow


def described(form: Any) -> Any:
    """Return a wire form with its keys as attributes, as deployments are not known here."""
    return Config(form) if isinstance(form, dict) else form


@attrs.frozen(repr=False, hash=False)
class FlowView:
    """A registered version of a flow, as it was when the view was made (Prefect 1.4.1).

    Args:
        flow_id: Id of the version.
        settings: Switches of the flow.
        run_config: Its run configuration in its wire form, with the keys as attributes.
        serialized_flow: The flow in its wire form.
        archived: Whether a newer version took its place, or somebody archived it.
        project_name: Name of its project.
        core_version: Version of the library that registered it.
        storage: Where its code is: the wire form of a storage, with the keys as attributes.
        name: Name of the flow.
        flow_group_labels: Labels that are set on all its versions, None if there are none.
    """

    flow_id: str
    settings: dict[str, Any]
    run_config: Any
    serialized_flow: dict[str, Any]
    archived: bool
    project_name: str | None
    core_version: str | None
    storage: Any
    name: str
    flow_group_labels: list[str] | None

    @property
    def flow(self) -> Flow:
        """The flow, made of its wire form: its tasks have names and options, but no code."""
        from marshmallow import EXCLUDE

        from prefect_results.core.schemas import FlowSchema

        made: Flow = FlowSchema().load(self.serialized_flow, partial=True, unknown=EXCLUDE)
        return made

    @classmethod
    def _from_data(cls, data: FlowData) -> FlowView:
        labels = data.group_labels
        return cls(
            flow_id=data.id,
            settings=data.settings,
            run_config=described(data.run_config),
            serialized_flow=data.serialized_flow,
            archived=data.archived,
            project_name=data.project_name,
            core_version=data.core_version,
            storage=described(data.storage),
            name=data.name,
            flow_group_labels=None if labels is None else list(labels),
        )

    @classmethod
    def from_id(cls, flow_id: str, *, source: Source = None) -> FlowView:
        """Return the view of a flow by the id of a version, or of a flow group.

        Args:
            flow_id: Id of a version, which is tried first, or of a group, whose newest version is
                taken.
            source: Where flows are: a run store, a `Client`, or the URL of either; the configured
                place by default.

        Raises:
            FlowNotFound: There is none (also a `ValueError`).
        """
        access = open_access(source)
        for find in (access.flow, access.newest_flow):
            data = find(flow_id)
            if data is not None:
                return cls._from_data(data)
        raise FlowNotFound(
            f"Given id {flow_id!r} is not an existing flow or flow group id in {access.address}."
        )

    @classmethod
    def from_flow_id(cls, flow_id: str, *, source: Source = None) -> FlowView:
        """Return the view of a flow version by its id.

        Raises:
            TypeError: The id is not text.
            FlowNotFound: There is none (also a `ValueError`).
        """
        access = _asked(source, "flow_id", flow_id)
        data = access.flow(flow_id)
        if data is None:
            raise missing.flow(access, "id", flow_id)
        return cls._from_data(data)

    @classmethod
    def from_flow_group_id(cls, flow_group_id: str, *, source: Source = None) -> FlowView:
        """Return the view of the newest version of a flow group.

        Raises:
            TypeError: The id is not text.
            FlowNotFound: There is none (also a `ValueError`).
        """
        access = _asked(source, "flow_group_id", flow_group_id)
        data = access.newest_flow(flow_group_id)
        if data is None:
            raise missing.flow(access, "flow_group_id", flow_group_id)
        return cls._from_data(data)

    @classmethod
    def from_flow_name(
        cls,
        flow_name: str,
        project_name: str | None = "",
        last_updated: bool = False,
        *,
        source: Source = None,
    ) -> FlowView:
        """Return the view of a flow that is not archived, by its name.

        Args:
            flow_name: Name of the flow.
            project_name: Name of its project; `""` means any, None a flow without a project. One
                that somebody registered goes before one that is only there as its runs were
                recorded.
            last_updated: Which one to take of several: the newest if True; else that is an error.
            source: As for `from_id`.

        Raises:
            FlowNotFound: There is none, or there are several (also a `ValueError`); the message
                and `suggestions` say what there is.
        """
        access = open_access(source)
        found = access.named_flows(flow_name, project_name)
        if len(found) > 1 and project_name == "":
            found = [data for data in found if data.project_name != PROJECT] or found
        if not found:
            raise missing.flow_by_name(access, flow_name, project_name)
        if len(found) > 1 and not last_updated:
            projects = sorted({str(data.project_name) for data in found})
            raise FlowNotFound(
                f"Found multiple flows matching name {flow_name!r}, in the projects "
                f"{missing.listed(projects)}. Provide a `project_name` as well or toggle "
                "`last_updated` to use the flow that was most recently updated",
                suggestions=projects,
            )
        return cls._from_data(found[0])

    def __repr__(self) -> str:
        kind = (self.storage or {}).get("type")
        return (
            f"{type(self).__name__}(flow_id={self.flow_id!r}, name={self.name!r}, "
            f"project_name={self.project_name!r}, storage_type={kind})"
        )

    def __hash__(self) -> int:
        return hash(self.flow_id)


def _asked(source: Source, name: str, value: object) -> RunAccess:
    if not isinstance(value, str):
        raise TypeError(f"Unexpected type {type(value)!r} for `{name}`, expected 'str'.")
    return open_access(source)
