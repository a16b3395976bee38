"""The codemod: rewrites `prefect` imports of a file to this library's own names.

Belongs here: finding legacy names in source code and the textual edits. It reads the same table
as the import hook. Names in strings, and names whose home the table does not know, stay as they
are and are reported.
"""

from __future__ import annotations

import ast
import difflib
import sys
from pathlib import Path
from typing import NamedTuple

from prefect_results.compat import table

ROOT = "prefect"


class Rewritten(NamedTuple):
    """A rewritten source text, and what a person has to look at, as `line: words`."""

    source: str
    notes: list[str]


class _Edit(NamedTuple):
    start: int
    end: int
    text: str


def _is_legacy(module: str | None) -> bool:
    return module is not None and (module == ROOT or module.startswith(ROOT + "."))


class _Rewriter(ast.NodeVisitor):
    """Collects edits; binds local names to legacy modules as it meets their imports."""

    def __init__(self, source: str) -> None:
        self._lines = [0]
        for line in source.splitlines(keepends=True):
            self._lines.append(self._lines[-1] + len(line.encode()))
        self._bound: dict[str, str] = {}
        self._imports: list[tuple[ast.Import, list[str]]] = []
        self._homes: set[str] = set()
        self.edits: list[_Edit] = []
        self.notes: list[str] = []

    def _span(self, node: ast.stmt | ast.expr) -> tuple[int, int]:
        assert node.end_lineno is not None and node.end_col_offset is not None
        start = self._lines[node.lineno - 1] + node.col_offset
        return start, self._lines[node.end_lineno - 1] + node.end_col_offset

    def _replace(self, node: ast.stmt, text: str) -> None:
        start, end = self._span(node)
        if not text and not node.col_offset and end + 1 in self._lines:
            end += 1
        elif not text:
            text = "pass"
        self.edits.append(_Edit(start, end, text.replace("\n", "\n" + " " * node.col_offset)))

    def _note(self, node: ast.stmt | ast.expr, words: str) -> None:
        self.notes.append(f"{node.lineno}: {words}")

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        """`from prefect.x import y`: one import for each home, aliases kept."""
        if node.level or not _is_legacy(node.module):
            return
        lines: dict[str, list[str]] = {}
        for name in node.names:
            dotted = f"{node.module}.{name.name}"
            home = table.find(dotted)
            if name.name == "*" or (home is None and dotted in table.TABLE):
                local = name.asname or name.name
                if name.name != "*":
                    self._bound[local] = dotted
                    continue
                self._note(node, f"`import *` of {node.module}: import the names you use")
            elif home is not None and home.attribute:
                lines.setdefault(home.module, []).append(_as(home.attribute, name, name.name))
            elif home is not None:
                parent, _, child = home.module.rpartition(".")
                lines.setdefault(parent, []).append(_as(child, name, name.name))
                continue
            else:
                self._note(node, table.advice(dotted))
            if home is None:
                lines.setdefault(str(node.module), []).append(_as(name.name, name, name.name))
        text = "\n".join(f"from {m} import {', '.join(names)}" for m, names in lines.items())
        self._replace(node, text)

    def visit_Import(self, node: ast.Import) -> None:
        """`import prefect.x`: remembered; what it becomes depends on what is used of it."""
        kept = [_source(n) for n in node.names if not _is_legacy(n.name)]
        if len(kept) == len(node.names):
            return
        for name in node.names:
            if _is_legacy(name.name):
                local = name.asname or ROOT
                self._bound[local] = name.name if name.asname else ROOT
        self._imports.append((node, kept))

    def visit_Attribute(self, node: ast.Attribute) -> None:
        """`prefect.x.y`: the longest part that the table knows becomes its home."""
        chain: list[ast.Attribute] = []
        inner: ast.expr = node
        while isinstance(inner, ast.Attribute):
            chain.append(inner)
            inner = inner.value
        if not isinstance(inner, ast.Name) or inner.id not in self._bound:
            self.generic_visit(node)
            return
        dotted, found = self._bound[inner.id], None
        for part in reversed(chain):
            dotted = f"{dotted}.{part.attr}"
            home = table.find(dotted)
            if home is not None:
                found = part, home
            if dotted not in table.TABLE:
                break
        if found is None:
            self._note(node, table.advice(dotted))
            return
        part, home = found
        self._homes.add(home.module)
        self.edits.append(_Edit(*self._span(part), str(home)))

    def visit_Constant(self, node: ast.Constant) -> None:
        """Strings such as a patched name are reported, not changed."""
        text = node.value
        if isinstance(text, str) and text.startswith(ROOT + ".") and table.find(text):
            self._note(node, f"the text {text!r} names {table.find(text)}")

    def finish(self) -> None:
        """Gives each `import prefect...` the modules that the rewritten names need."""
        needed = sorted(self._homes) or ["prefect_results"]
        for index, (node, kept) in enumerate(self._imports):
            names = kept + (needed if index == 0 else [])
            self._replace(node, "\n".join(f"import {name}" for name in names))
        if self._homes and not self._imports:
            text = "".join(f"import {name}\n" for name in needed)
            start = min((e.start for e in self.edits), default=0)
            self.edits.append(_Edit(start, start, text))


def _as(name: str, alias: ast.alias, local: str) -> str:
    local = alias.asname or local
    return name if local == name else f"{name} as {local}"


def _source(alias: ast.alias) -> str:
    return f"{alias.name} as {alias.asname}" if alias.asname else alias.name


def rewrite(source: str) -> Rewritten:
    """Rewrites the legacy names in a source text.

    Args:
        source: Python source code.

    Returns:
        The new source, and notes about what stayed.

    Raises:
        SyntaxError: it is no Python source.
    """
    rewriter = _Rewriter(source)
    tree = ast.parse(source)
    imports = [n for n in ast.walk(tree) if isinstance(n, (ast.Import, ast.ImportFrom))]
    for node in imports:
        rewriter.visit(node)
    _visit_others(rewriter, tree)
    rewriter.finish()
    text = source.encode()
    for edit in sorted(rewriter.edits, key=lambda e: (e.start, e.end), reverse=True):
        text = text[: edit.start] + edit.text.encode() + text[edit.end :]
    return Rewritten(text.decode(), sorted(set(rewriter.notes), key=_line_number))


def _visit_others(rewriter: _Rewriter, node: ast.AST) -> None:
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return
    if isinstance(node, ast.Attribute):
        rewriter.visit_Attribute(node)
        return
    if isinstance(node, ast.Constant):
        rewriter.visit_Constant(node)
    for child in ast.iter_child_nodes(node):
        _visit_others(rewriter, child)


def _line_number(note: str) -> tuple[int, str]:
    return int(note.partition(":")[0]), note


def main(arguments: list[str]) -> int:
    """Prints a diff for each file; with `--write`, changes the files. Returns the exit status."""
    write = "--write" in arguments
    paths = [Path(a) for a in arguments if a != "--write"]
    for path in paths:
        before = path.read_text(encoding="utf-8")
        after, notes = rewrite(before)
        name = str(path)
        diff = difflib.unified_diff(
            before.splitlines(keepends=True), after.splitlines(keepends=True), name, name
        )
        sys.stdout.writelines(diff)
        for note in notes:
            print(f"{name}:{note}", file=sys.stderr)
        if write and after != before:
            path.write_text(after, encoding="utf-8")
    return 0 if paths else 2
