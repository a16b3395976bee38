"""Serves `import prefect` from the table of legacy names.

Belongs here: the finder on `sys.meta_path`, the modules it makes, switching it on and off. Which
name lives where does not; see `table`.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from prefect_results.compat import table
from prefect_results.exceptions import LegacyClash, LegacyNameError
from prefect_results.logging import set_root_name
from prefect_results.version import LEGACY_VERSION

ROOT = "prefect"


class LegacyModule(ModuleType):
    """A module under a legacy name, assembled from homes that are looked up when used.

    Reading a name imports its home; setting one sets it at its home too, so that code that
    patches a legacy name reaches the code behind it.
    """

    def __getattr__(self, name: str) -> Any:
        module = self.__name__
        if name == "__all__":
            return [n for n in table.names_of(module) if not n.startswith("_")]
        if name.startswith("__"):
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        if name not in table.names_of(module) and f"{module}.{name}" in table.TABLE:
            return import_module(f"{module}.{name}")
        home = self._home(name)
        if home is None:
            raise AttributeError(table.advice(f"{module}.{name}"))
        value = getattr(import_module(home.module), home.attribute)
        if name in table.names_of(module):
            self.__dict__[name] = value
        return value

    def _home(self, name: str) -> table.Home | None:
        listed = table.names_of(self.__name__).get(name)
        if listed is not None:
            return listed
        for whole in table.whole_homes(self.__name__):
            if hasattr(import_module(whole), name):
                return table.Home(whole, name)
        return None

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, ModuleType) and f"{self.__name__}.{name}" in table.TABLE:
            # The import system binds a submodule here, but prefect.tasks.control_flow.case is
            # the class `case`, as in 1.4.1.
            return (
                None if name in table.names_of(self.__name__) else vars(self).update({name: value})
            )
        home = None if name.startswith("__") else self._home(name)
        if home is not None:
            setattr(import_module(home.module), home.attribute, value)
            self.__dict__.pop(name, None)
        else:
            super().__setattr__(name, value)

    def __delattr__(self, name: str) -> None:
        home = None if name.startswith("__") else self._home(name)
        if home is not None:
            delattr(import_module(home.module), home.attribute)
            self.__dict__.pop(name, None)
        else:
            super().__delattr__(name)

    def __dir__(self) -> list[str]:
        names = {*super().__dir__(), *table.names_of(self.__name__)}
        for whole in table.whole_homes(self.__name__):
            names.update(dir(import_module(whole)))
        return sorted({*names, *table.children_of(self.__name__)})

    def __reduce__(self) -> tuple[Any, ...]:
        return legacy_module, (self.__name__,)


def legacy_module(name: str) -> ModuleType:
    """The module with a legacy name; switches the legacy names on where they are not.

    What was pickled with a reference to such a module is loaded by this, in a process that
    never called `install`.
    """
    install()
    return import_module(name)


class _Assembling(Loader):
    """Makes a module that looks its names up in the table."""

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return LegacyModule(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        if module.__name__ == ROOT:
            home = sys.modules[__name__.partition(".")[0]]
            vars(module)["__version__"] = LEGACY_VERSION
            vars(module)["__file__"] = home.__file__


class _Aliasing(Loader):
    """Puts one of our modules under a legacy name, as the same object."""

    def __init__(self, home: str) -> None:
        self._home = home

    def create_module(self, spec: ModuleSpec) -> None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        # The import system takes what it finds here afterwards; returning our module from
        # create_module would have it write the legacy spec into it.
        sys.modules[module.__name__] = import_module(self._home)


class LegacyFinder(MetaPathFinder):
    """Finds `prefect` and everything below it in the table, and nothing else."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """The spec of a legacy module.

        Raises:
            LegacyNameError: the name is below `prefect` and has no home here.
        """
        if name != ROOT and not name.startswith(ROOT + "."):
            return None
        entry = table.TABLE.get(name)
        if entry is None:
            raise LegacyNameError(table.advice(name))
        if isinstance(entry, str):
            return ModuleSpec(name, _Aliasing(entry))
        # Also modules without children are packages: only then does a missing name of
        # `from prefect.x import y` come here, where the error can say what to use instead.
        return ModuleSpec(name, _Assembling(), is_package=True)


_finder = LegacyFinder()


def is_installed() -> bool:
    """True while `import prefect` is served by this library."""
    return _finder in sys.meta_path


def install() -> None:
    """Lets `import prefect` and imports below it be served by this library.

    Comes before a Prefect that is installed, never before one that is imported. Loggers get
    their legacy names, below `prefect`. Calling it again changes nothing.

    Raises:
        LegacyClash: another `prefect` is imported in this process already.
    """
    if is_installed():
        return
    other = sys.modules.get(ROOT)
    if other is not None:
        raise LegacyClash(
            f"another prefect is imported already, from {getattr(other, '__file__', None)}: call "
            "prefect_results.compat.install() before the first `import prefect`, or start the "
            "program with `python -m prefect_results.compat FILE`"
        )
    sys.meta_path.insert(0, _finder)
    set_root_name(ROOT)


def uninstall() -> None:
    """Takes back what `install` did; modules that were imported meanwhile keep working."""
    if not is_installed():
        return
    sys.meta_path.remove(_finder)
    for name in [n for n in sys.modules if n == ROOT or n.startswith(ROOT + ".")]:
        del sys.modules[name]
    set_root_name("prefect_results")
