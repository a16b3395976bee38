"""Registering flows and loading them again: what is kept, and what cannot be had."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest

from prefect_results import Flow, task
from prefect_results.backend.access import FlowData, StoredRuns
from prefect_results.backend.loading import load_flow
from prefect_results.backend.store import RunStore
from prefect_results.compat import uninstall
from prefect_results.compat.storage import GitHub, Local, Module
from prefect_results.exceptions import FlowStorageError, SerializationError

MODULE_FLOW = Flow("of a module")


@task
def hello() -> str:
    """A greeting."""
    return "hello"


def a_flow(name: str = "greeter", **options: Any) -> Flow:
    """A flow."""
    with Flow(name, **options) as flow:
        hello()
    return flow


def registered(store: RunStore, flow: Flow, **options: Any) -> FlowData:
    """Register a flow; return what is recorded of it."""
    flow_id = flow.register("lab", no_url=True, **options)
    assert flow_id is not None
    data = StoredRuns(store).flow(flow_id)
    assert data is not None
    return data


def test_code_is_kept(store: RunStore, home_dir: Path) -> None:
    """A registered flow is loaded with its code, from a file of the home folder."""
    data = registered(store, a_flow())
    assert (data.project_name, data.version) == ("lab", 1)
    assert data.storage["type"] == "Local"
    assert Path(data.storage["flows"]["greeter"]).is_relative_to(home_dir / "flows")
    flow = load_flow(data)
    (greeting,) = flow.tasks
    assert flow.run().result[greeting].result == "hello"  # type: ignore[union-attr]


def test_versions(store: RunStore) -> None:
    """Each registration is a version of its own, unless it has the key of the newest one."""
    first = registered(store, a_flow(), idempotency_key="k")
    assert registered(store, a_flow(), idempotency_key="k").id == first.id
    assert registered(store, a_flow()).version == 2


def test_told(store: RunStore, capsys: pytest.CaptureFixture[str]) -> None:
    """The id and the project are printed, unless that is not wanted."""
    flow_id = a_flow().register("lab")
    assert f"ID: {flow_id}" in capsys.readouterr().out
    a_flow().register("lab", no_url=True)
    assert capsys.readouterr().out == ""


def test_labels(store: RunStore) -> None:
    """Labels given here are those of the flow's runs."""
    data = registered(store, a_flow(), labels=["gpu"], add_default_labels=False)
    assert store.create_flow_run(data.id).labels == ["gpu"]


def test_arguments(store: RunStore) -> None:
    """A project must be named; arguments that mean nothing are refused."""
    with pytest.raises(TypeError, match="'project_name' is a required field"):
        a_flow().register()
    with pytest.raises(TypeError, match="unexpected arguments: colour"):
        a_flow().register("lab", colour="red")


def test_flow_that_cannot_be_pickled(store: RunStore, tmp_path: Path) -> None:
    """What cannot be pickled is said when it is registered, not when it should run."""
    with open(tmp_path / "x", "w") as file, Flow("open") as flow:
        bad = task(name="bad")(lambda: file)
        bad()
        with pytest.raises(SerializationError, match="'open' cannot be registered"):
            flow_outside(flow).register("lab")


def flow_outside(flow: Flow) -> Flow:
    """Return a copy of a flow that is being built, which may be registered."""
    copy = flow.copy()
    del copy.__dict__["_ctx"]
    return copy


def test_changed_file(store: RunStore) -> None:
    """A file that is not what was registered is not unpickled."""
    data = registered(store, a_flow())
    Path(data.storage["flows"]["greeter"]).write_bytes(b"cos\nsystem\n(S'false'\ntR.")
    with pytest.raises(FlowStorageError, match="is not what was registered"):
        load_flow(data)


def test_deleted_file(store: RunStore) -> None:
    """A file that is gone is told, and what to do."""
    data = registered(store, a_flow())
    Path(data.storage["flows"]["greeter"]).unlink()
    with pytest.raises(FlowStorageError, match="register the flow again"):
        load_flow(data)


def test_without_code(store: RunStore) -> None:
    """A flow that was recorded without its code is told so."""
    data = registered(store, a_flow(), build=False)
    with pytest.raises(FlowStorageError, match="was not kept"):
        load_flow(data)


def test_script(store: RunStore, tmp_path: Path) -> None:
    """A flow stored as a script is found in it; what the script would run is not run."""
    path = tmp_path / "flow.py"
    path.write_text(
        "from prefect_results import Flow, task\n"
        "with Flow('other') as other: pass\n"
        "with Flow('scripted') as flow: pass\n"
        "if __name__ == '__main__': raise SystemExit\n"
    )
    data = registered(
        store, a_flow("scripted", storage=Local(path=str(path), stored_as_script=True))
    )
    assert load_flow(data).name == "scripted"
    path.write_text("")
    with pytest.raises(FlowStorageError, match="There is no flow 'scripted'"):
        load_flow(data)
    path.write_text("1/0")
    with pytest.raises(FlowStorageError, match="ZeroDivisionError"):
        load_flow(data)


def test_module(store: RunStore) -> None:
    """A flow of a module is found in it."""
    data = registered(store, Flow("of a module", storage=Module(__name__)))
    assert load_flow(data).name == "of a module"
    data = registered(store, Flow("of a module", storage=Module("no.such.module")))
    with pytest.raises(
        FlowStorageError, match=r"module 'no.such.module' of flow 'of a module' fails"
    ):
        load_flow(data)


class TestLegacyNames:
    """Code that says `import prefect` is loaded by a process that never heard of that name."""

    @pytest.fixture(autouse=True)
    def taken_back(self) -> Iterator[None]:
        yield
        uninstall()

    def test_pickle_of_the_legacy_release(self, store: RunStore, tmp_path: Path) -> None:
        """What 1.4.1 keeps of a flow, a pickle in a JSON document, is loaded."""
        # Calls prefect.core.flow.Flow("legacy").
        pickled = b"cprefect.core.flow\nFlow\n(S'legacy'\ntR."
        path = tmp_path / "flow"
        kept = {"flow": b64encode(pickled).decode(), "versions": {"prefect": "1.4.1"}}
        path.write_text(json.dumps(kept))
        data = registered(store, a_flow("legacy"))
        data = attrs.evolve(data, storage={"type": "Local", "flows": {"legacy": str(path)}})
        flow = load_flow(data)
        assert type(flow) is Flow
        assert flow.name == "legacy"
        path.write_text(json.dumps({**kept, "flow": ""}))
        with pytest.raises(FlowStorageError, match=r"\(kept with prefect 1.4.1\)"):
            load_flow(data)

    def test_script(self, store: RunStore, tmp_path: Path) -> None:
        """A script that imports prefect is run with the name served."""
        path = tmp_path / "flow.py"
        path.write_text("from prefect import Flow\nwith Flow('scripted') as flow: pass\n")
        data = registered(store, a_flow("scripted", storage=Local(path=str(path))))
        assert load_flow(data).name == "scripted"

    def test_module(self, store: RunStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A module that imports prefect is imported with the name served."""
        (tmp_path / "legacy_flow_of_a_module.py").write_text(
            "from prefect import Flow\nwith Flow('in a module') as flow: pass\n"
        )
        monkeypatch.syspath_prepend(tmp_path)
        storage = Module("legacy_flow_of_a_module")
        data = registered(store, Flow("in a module", storage=storage))
        assert load_flow(data).name == "in a module"


def test_foreign_storage(store: RunStore) -> None:
    """A storage that this library cannot read is named."""
    data = registered(store, a_flow(storage=GitHub("me/mine", "flow.py")))
    with pytest.raises(FlowStorageError, match="is in a GitHub storage"):
        load_flow(data)
