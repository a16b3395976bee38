"""The rooms and who may import whom."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "prefect_results"
MODULES = sorted(PACKAGE.rglob("*.py"))


def test_rooms_import_downwards_only() -> None:
    """import-linter's contract holds; it also fails for a room that the contract leaves out."""
    pytest.importorskip("importlinter")
    command = "from importlinter.cli import lint_imports_command as main; main()"
    done = subprocess.run(
        [sys.executable, "-c", command], cwd=ROOT, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("module", MODULES, ids=lambda m: str(m.relative_to(PACKAGE)))
def test_a_module_holds_one_noun(module: Path) -> None:
    """Functions stay under 70 lines, modules under 550, and each module says what belongs in it.

    The contract suites in `testing` are modules of tests; they may be longer.
    """
    text = module.read_text()
    tree = ast.parse(text)
    long = [
        f"{node.name}: {(node.end_lineno or 0) - node.lineno} lines"
        for node in ast.walk(tree)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        and (node.end_lineno or 0) - node.lineno > 70
    ]
    assert text.count("\n") <= (800 if module.parent.name == "testing" else 550)
    assert long == []
    assert not text.strip() or ast.get_docstring(tree)
