"""What the project's own files say of each other: dependencies, versions, the changelog."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from configparser import RawConfigParser
from importlib.metadata import packages_distributions
from pathlib import Path

import prefect_results

ROOT = Path(__file__).parent.parent
SETUP = RawConfigParser()
SETUP.read(ROOT / "setup.cfg")
#: Where a module's distribution can't be told from an installed environment.
DISTRIBUTIONS = {
    "attrs": "attrs",
    "azure": "azure-storage-blob",
    "dateutil": "python-dateutil",
    "google": "google-cloud-storage",
    "graphql": "graphql-core",
    "snowflake": "snowflake-connector-python",
}
#: Packages that the code asks whether it runs inside of.
SURROUNDINGS = {"IPython"}


def requirements() -> set[str]:
    """The names of everything that setup.cfg requires, in any extra."""
    texts = [SETUP["options"]["install_requires"], *SETUP["options.extras_require"].values()]
    names = (re.match(r"[\w-]+", line.strip()) for text in texts for line in text.splitlines())
    return {m[0].lower().replace("_", "-") for m in names if m}


def imported_packages(folder: Path) -> set[str]:
    """The top-level packages that the modules of a folder import, ours and Python's left out."""
    names: set[str] = set()
    for module in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(module.read_text())):
            if isinstance(node, ast.Import):
                names |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names.add(node.module.partition(".")[0])
    stdlib = {*sys.stdlib_module_names, "tomllib"}  # on 3.10 its backport is declared
    return names - stdlib - {"prefect_results", "prefect", *SURROUNDINGS}


def test_every_import_is_a_declared_dependency() -> None:
    """What the package imports, setup.cfg installs: always, or with an extra."""
    owners = packages_distributions()
    undeclared = []
    for name in sorted(imported_packages(ROOT / "prefect_results")):
        known = [DISTRIBUTIONS.get(name, name), *owners.get(name, [])]
        if not {k.lower().replace("_", "-") for k in known} & requirements():
            undeclared.append(name)
    assert undeclared == []


def test_the_package_ships_its_data() -> None:
    """Everything in the package that is no Python module is package data in setup.cfg."""
    package = ROOT / "prefect_results"
    patterns = SETUP["options.package_data"]["prefect_results"].split()
    listed = {path for pattern in patterns for path in package.glob(pattern)}
    tracked = subprocess.run(
        ["git", "ls-files", "prefect_results"], cwd=ROOT, capture_output=True, text=True
    ).stdout.split()
    data = {ROOT / name for name in tracked if not name.endswith(".py")}
    assert data <= listed
    assert (package / "py.typed").exists()


def test_the_changelog_covers_this_version() -> None:
    """CHANGELOG.md keeps the form of Keep a Changelog, and names the version or is unreleased."""
    text = (ROOT / "CHANGELOG.md").read_text()
    headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert headings[0] == "[Unreleased]"
    versions = [re.fullmatch(r"\[(\d+\.\d+\.\d+)\] - \d{4}-\d\d-\d\d", h) for h in headings[1:]]
    assert all(versions), headings
    kinds = set(re.findall(r"^### (.+)$", text, re.MULTILINE))
    assert kinds <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
    assert prefect_results.__version__ in {m[1] for m in versions if m}


def test_make_help_names_every_target() -> None:
    """`make help` lists each target that a person may ask for, with a sentence."""
    text = (ROOT / "Makefile").read_text()
    targets = re.search(r"^\.PHONY: (.+)$", text, re.MULTILINE)
    assert targets
    printed = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True).stdout
    assert set(re.findall(r"^  make (\w+) +\S", printed, re.MULTILINE)) == set(targets[1].split())


def test_no_file_names_the_machine_it_was_written_on() -> None:
    """No tracked text names a home folder of one person's machine."""
    tracked = subprocess.run(
        ["git", "ls-files", "*.py", "*.md", "*.cfg", "*.toml", "Makefile", ".ci/*"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    ).stdout.split()
    private = re.compile(r"/(?:root|home/\w+|work)/\w")
    there = [name for name in tracked if (ROOT / name).exists()]
    naming = [name for name in there if private.search((ROOT / name).read_text())]
    assert naming == []
