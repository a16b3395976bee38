"""`FlowView`, through every access."""

from __future__ import annotations

import pytest

from prefect_results.backend.access import RunAccess
from prefect_results.backend.store import RunStore
from prefect_results.backend.views import FlowView
from prefect_results.exceptions import FlowNotFound
from tests.backend import recorded


@pytest.fixture
def flow_id(store: RunStore) -> str:
    """A registered flow, in its second version."""
    recorded.registered(store, recorded.example_flow("penguins"))
    return recorded.registered(store, recorded.example_flow("penguins"))


def test_by_name(access: RunAccess, flow_id: str) -> None:
    """A flow is found by its name: the version that is not archived."""
    view = FlowView.from_flow_name("penguins", source=access)
    assert (view.flow_id, view.name, view.project_name) == (flow_id, "penguins", "polar")
    assert view.archived is False
    assert FlowView.from_flow_name("penguins", project_name="polar", source=access) == view
    assert f"FlowView(flow_id='{flow_id}', name='penguins', project_name='polar'" in repr(view)


def test_by_ids(access: RunAccess, store: RunStore, flow_id: str) -> None:
    """A flow is found by the id of its version or of its group."""
    group = store.get_flow(flow_id).flow_group_id
    views = [
        FlowView.from_flow_id(flow_id, source=access),
        FlowView.from_flow_group_id(group, source=access),
        FlowView.from_id(flow_id, source=access),
        FlowView.from_id(group, source=access),
    ]
    assert {view.flow_id for view in views} == {flow_id}


def test_flow(access: RunAccess, flow_id: str) -> None:
    """The flow can be had from its wire form."""
    flow = FlowView.from_flow_id(flow_id, source=access).flow
    assert sorted(flow.slugs.values()) == ["Constant[list]-1", "foo-1", "inc-1", "total-1"]


@pytest.mark.parametrize("wanted", [recorded.MISSING, "no uuid"])
def test_unknown_ids(access: RunAccess, wanted: str) -> None:
    """Ids that do not exist are ValueErrors with the words of 1.4.1."""
    with pytest.raises(ValueError, match="No results found while querying for flows where"):
        FlowView.from_flow_id(wanted, source=access)
    with pytest.raises(ValueError, match="No results found while querying for flows where"):
        FlowView.from_flow_group_id(wanted, source=access)
    with pytest.raises(ValueError, match="is not an existing flow or flow group id"):
        FlowView.from_id(wanted, source=access)


def test_ids_are_text() -> None:
    """Anything but text as an id is a TypeError, as in 1.4.1."""
    with pytest.raises(TypeError, match="for `flow_id`, expected 'str'"):
        FlowView.from_flow_id(1)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="for `flow_group_id`, expected 'str'"):
        FlowView.from_flow_group_id(1)  # type: ignore[arg-type]


def test_unknown_name(access: RunAccess, flow_id: str) -> None:
    """A name that does not exist tells those that look like it."""
    with pytest.raises(FlowNotFound, match="Did you mean 'penguins'") as info:
        FlowView.from_flow_name("pinguins", source=access)
    assert info.value.suggestions == ("penguins",)


def test_name_in_another_project(access: RunAccess, flow_id: str) -> None:
    """A flow that another project has is told so."""
    with pytest.raises(FlowNotFound, match="The project 'polar' has one"):
        FlowView.from_flow_name("penguins", project_name="tropical", source=access)
    with pytest.raises(FlowNotFound):
        FlowView.from_flow_name("penguins", project_name=None, source=access)


def test_no_flows(access: RunAccess) -> None:
    """Where nothing is registered, the error says how to register."""
    with pytest.raises(FlowNotFound, match=r"flow.register\(project_name=...\)"):
        FlowView.from_flow_name("penguins", source=access)


def test_same_name_in_two_projects(access: RunAccess, store: RunStore, flow_id: str) -> None:
    """Of flows with the same name in several projects, one is taken only if that is asked for."""
    other = recorded.registered(store, recorded.example_flow("penguins"), "tropical")
    with pytest.raises(ValueError, match=r"Found multiple flows matching.*'polar', 'tropical'"):
        FlowView.from_flow_name("penguins", source=access)
    newest = FlowView.from_flow_name("penguins", last_updated=True, source=access)
    assert newest.flow_id == other


def test_recorded_runs_hide_no_registration(
    access: RunAccess, store: RunStore, flow_id: str
) -> None:
    """A flow that was run with `record=True`, too, is still the one that was registered."""
    recorded.registered(store, recorded.example_flow("penguins"), "local")
    assert FlowView.from_flow_name("penguins", source=access).flow_id == flow_id
