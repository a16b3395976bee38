"""The one table of legacy names."""

from __future__ import annotations

from importlib import import_module

import pytest

from prefect_results.compat import table
from prefect_results.compat.table import ALTERNATIVES, TABLE, Home

MODULES = sorted(TABLE)


@pytest.mark.parametrize("module", MODULES)
def test_every_home_exists(module: str) -> None:
    """Each module and each name in the table is where the table says."""
    for home in table.whole_homes(module):
        assert import_module(home)
    for name, home in table.names_of(module).items():
        assert hasattr(import_module(home.module), home.attribute), f"{module}.{name} -> {home}"


@pytest.mark.parametrize("module", MODULES)
def test_every_parent_is_in_the_table(module: str) -> None:
    """A module can be imported only if the packages above it can."""
    parent = module.rpartition(".")[0]
    assert not parent or parent in TABLE


@pytest.mark.parametrize("module", [m for m in MODULES if isinstance(TABLE[m], str)])
def test_modules_of_ours_have_no_legacy_children(module: str) -> None:
    """The import system binds a child to its parent, which must not be a module of ours."""
    assert table.children_of(module) == ()


def test_no_alternative_hides_a_home() -> None:
    """What has a home needs nothing else, unless it is a package that lacks some names."""
    for name in ALTERNATIVES:
        assert table.find(name) is None, name


def test_names_are_found() -> None:
    """Modules, names of whole modules, and listed names each have their home."""
    assert table.find("prefect.engine.state") == Home("prefect_results.states")
    assert table.find("prefect.engine.state.Success") == Home("prefect_results.states", "Success")
    assert table.find("prefect.Flow") == Home("prefect_results", "Flow")
    assert table.find("prefect.engine") is None
    assert table.find("prefect.nowhere.X") is None
    assert str(table.find("prefect.Flow")) == "prefect_results.Flow"
    assert str(table.find("prefect.triggers")) == "prefect_results.triggers"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("prefect.agent.docker.DockerAgent", "cron"),
        ("prefect.tasks.aws.S3Download", "write a @task"),
        ("prefect.utilities.Flow", "did you mean prefect.Flow"),
        ("prefect.utilities.nope", "docs/conformance.md"),
    ],
)
def test_advice_names_what_to_use(name: str, words: str) -> None:
    """A name without a home is told what to use, from the nearest part that the table knows."""
    assert table.advice(name).startswith(f"{name} of Prefect 1.4.1 has no home")
    assert words in table.advice(name)
