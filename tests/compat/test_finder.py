"""`import prefect`, served by this library."""

from __future__ import annotations

import importlib
import pickle
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import cloudpickle
import pytest

import prefect_results
from prefect_results import compat, states
from prefect_results.compat import table
from prefect_results.exceptions import LegacyClash, LegacyNameError
from prefect_results.results import Result


@pytest.mark.usefixtures("legacy")
class TestImports:
    """Every form of import finds our objects."""

    def test_names_keep_their_identity(self) -> None:
        """A class is the same object under both names."""
        from prefect import Flow, Task, task
        from prefect.engine.result.base import Result as LegacyResult

        assert Flow is prefect_results.Flow
        assert Task is prefect_results.Task
        assert task is prefect_results.task
        assert LegacyResult is Result

    def test_modules_keep_their_identity(self) -> None:
        """A legacy module that corresponds to one of ours is that module, unharmed."""
        import prefect.engine.state as s
        from prefect.engine import signals

        assert s is states
        assert signals is prefect_results.signals
        assert s.__name__ == "prefect_results.states"
        assert s.__spec__.name == "prefect_results.states"

    def test_submodules_are_attributes(self) -> None:
        """`import prefect` is enough to reach everything below it."""
        import prefect

        assert prefect.engine.state.Success is states.Success
        assert prefect.utilities.tasks.tags is prefect_results.tags
        assert prefect.context is prefect_results.context
        assert prefect.config.flows.checkpointing in (True, False)

    def test_the_class_wins_over_its_module(self) -> None:
        """`prefect.tasks.control_flow.case` is the class, as in 1.4.1, though a module exists."""
        import prefect.tasks.control_flow.case
        from prefect.tasks.control_flow import case

        assert case is prefect_results.case
        assert prefect.tasks.control_flow.case is prefect_results.case

    @pytest.mark.parametrize("module", sorted(table.TABLE))
    def test_every_module_imports(self, module: str) -> None:
        """Each module of the table imports, lists its names and has each."""
        found = importlib.import_module(module)
        for name in table.names_of(module):
            assert name in dir(found)
            assert getattr(found, name) is not None

    def test_star(self) -> None:
        """`from prefect import *` gives the public names."""
        names: dict[str, object] = {}
        exec("from prefect import *", names)
        assert names["Flow"] is prefect_results.Flow

    def test_version(self) -> None:
        """The version says 1.4.1, and who answers."""
        import prefect
        from packaging.version import Version

        assert Version(prefect.__version__).base_version == "1.4.1"
        assert "prefect_results" in prefect.__version__

    def test_loggers_have_legacy_names(self) -> None:
        """Loggers are below `prefect`, where legacy handlers look for them."""
        from prefect.utilities.logging import get_logger

        assert get_logger("x").name == "prefect.x"


@pytest.mark.usefixtures("legacy")
class TestMissingNames:
    """A name without a home says so, and what to use."""

    @pytest.mark.parametrize(
        ("statement", "words"),
        [
            ("from prefect.utilities.tasks import nope", "prefect.utilities.tasks.nope"),
            ("from prefect import models", "always empty"),
            ("import prefect.agent.docker", "LocalAgent of prefect.agent.local"),
            ("from prefect.tasks.aws import S3Download", "write a @task"),
            ("from prefect.engine.results.local_result import Nope", "has no home"),
        ],
    )
    def test_import(self, statement: str, words: str) -> None:
        """The ImportError has the advice of the table."""
        with pytest.raises(LegacyNameError, match="has no home in prefect_results") as caught:
            exec(statement)
        assert isinstance(caught.value, ImportError)
        assert words in str(caught.value)

    def test_attribute(self) -> None:
        """Attribute access raises an AttributeError, so that hasattr works."""
        import prefect

        assert not hasattr(prefect, "models")
        with pytest.raises(AttributeError, match="has no home"):
            prefect.nope


@pytest.mark.usefixtures("legacy")
class TestPatching:
    """Code that patches a legacy name reaches the code behind it."""

    def test_patch_reaches_the_home(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Setting a name of an assembled module sets it at its home, and undoing undoes."""
        from prefect_results.core import options

        before = options.callback_factory
        monkeypatch.setattr("prefect.core.task.callback_factory", "patched")
        assert options.callback_factory == "patched"
        assert importlib.import_module("prefect.core.task").callback_factory == "patched"
        monkeypatch.undo()
        assert options.callback_factory is before
        assert importlib.import_module("prefect.core.task").callback_factory is before

    def test_new_names_stay_on_the_module(self) -> None:
        """A name that has no home is kept by the module that it is set on."""
        import prefect

        prefect.mine = 5
        assert prefect.mine == 5
        assert not hasattr(prefect_results, "mine")
        del prefect.mine
        assert not hasattr(prefect, "mine")


class TestSwitch:
    """Installing and uninstalling."""

    def test_off_by_default(self) -> None:
        """Importing this library does not serve the legacy names."""
        assert not compat.is_installed()

    @pytest.mark.usefixtures("legacy")
    def test_twice_is_once(self) -> None:
        """Installing again changes nothing."""
        length = len(sys.meta_path)
        compat.install()
        assert len(sys.meta_path) == length
        assert compat.is_installed()

    def test_uninstall_forgets_the_modules(self) -> None:
        """After uninstalling, no legacy name is left."""
        compat.install()
        importlib.import_module("prefect.engine.state")
        compat.uninstall()
        assert not [name for name in sys.modules if name.split(".")[0] == "prefect"]
        assert sys.modules["prefect_results.states"] is states
        compat.uninstall()

    def test_never_shadows_an_imported_prefect(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Another prefect that is imported already stays what it is."""
        other = ModuleType("prefect")
        monkeypatch.setitem(sys.modules, "prefect", other)
        with pytest.raises(LegacyClash, match="imported already"):
            compat.install()
        assert sys.modules["prefect"] is other
        assert not compat.is_installed()


class TestPickles:
    """What legacy names are in pickles is found."""

    @pytest.mark.usefixtures("legacy")
    @pytest.mark.parametrize(
        ("name", "home"),
        [
            ("prefect.engine.result.base Result", Result),
            ("prefect.engine.state Success", states.Success),
            ("prefect.core.task Task", prefect_results.Task),
        ],
    )
    def test_classes(self, name: str, home: type) -> None:
        """A pickle that names a class by its legacy home loads ours."""
        assert pickle.loads(f"c{name.replace(' ', chr(10))}\n.".encode()) is home

    def test_a_function_using_prefect_loads_in_a_fresh_process(self) -> None:
        """A pickled function that refers to the module switches the legacy names on."""
        compat.install()
        try:
            names: dict[str, object] = {}
            exec("import prefect\ndef f(): return prefect.engine.state.Success(result=5)", names)
            blob = cloudpickle.dumps(names["f"])
        finally:
            compat.uninstall()
        program = f"import pickle; print(pickle.loads({blob!r})().result)"
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
        assert done.stdout.strip() == "5", done.stderr

    @pytest.mark.usefixtures("legacy")
    def test_pickles_of_the_legacy_release(self, legacy_python: Path, tmp_path: Path) -> None:
        """States, results, serializers and a whole flow that 1.4.1 pickled load, and run."""
        program = Path(__file__).with_name("make_legacy_pickles.py")
        out = tmp_path / "legacy.pickle"
        subprocess.run([str(legacy_python), str(program), str(out)], check=True)
        blobs = pickle.loads(out.read_bytes())
        # The flow's functions are pickled as bytecode, which is of one version of Python.
        same_python = pickle.loads(blobs["python"]) == sys.version_info[:2]
        if not same_python:
            del blobs["flow"]
        loaded = {name: pickle.loads(blob) for name, blob in blobs.items()}

        success, retrying, mapped = loaded["states"]
        assert (success.result, retrying.run_count) == (1, 2)
        assert retrying.cached_inputs["x"].value == 3
        assert mapped.map_states[0].result == 1
        assert [r.value for r in loaded["results"]] == [1, None, None, [1], 5]
        assert [r.location for r in loaded["results"][2:]] == ["{x}.json", None, None]
        assert all(pickle.loads(pickle.dumps(r)) == r for r in loaded["results"])
        if not same_python:
            return
        flow = loaded["flow"]
        state = flow.run()
        assert state.is_successful()
        results = {task.name: s.result for task, s in state.result.items()}
        assert results["last"] == 6
        assert [2, 3, 4] in [s.result for s in state.result.values()]
