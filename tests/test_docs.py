"""Every code block of README.md and docs/ does what the page says.

Python blocks of a page run in order in one process and one namespace, in an empty folder. A
`text` block that follows one directly is what it prints (`...` stands for anything). A block with
a `title="name"` is a file of that name instead. Commands run when they start with `python`; those
of make, pip and the command line are checked against what there is. TOML and JSON must parse.
"""

from __future__ import annotations

import doctest
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from configparser import RawConfigParser
from dataclasses import dataclass
from pathlib import Path

import pytest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
FENCE = re.compile(
    r"^(?P<indent> *)```(?P<language>\w+)(?P<info>[^\n]*)\n(?P<code>.*?)^(?P=indent)```$",
    re.MULTILINE | re.DOTALL,
)
RUNNER = """
import json, sys
namespace = {"__name__": "__main__"}
with open(sys.argv[1]) as file:
    blocks = json.load(file)
for path, line, code in blocks:
    exec(compile("\\n" * line + code, path, "exec"), namespace)
    print(sys.argv[2], flush=True)
"""
MARK = "=== end of block ==="


@dataclass(frozen=True)
class Block:
    """One fenced block: where it starts, what it is, and what it holds."""

    page: Path
    line: int
    language: str
    title: str
    code: str
    start: int
    end: int


def blocks(page: Path) -> list[Block]:
    """The fenced blocks of a page, dedented, in order."""
    text = page.read_text()
    found = []
    for match in FENCE.finditer(text):
        indent = match["indent"]
        code = "".join(x.removeprefix(indent) for x in match["code"].splitlines(keepends=True))
        title = re.search(r'title="([^"]+)"', match["info"])
        line = text[: match.start("code")].count("\n")
        found.append(
            Block(
                page,
                line,
                match["language"],
                title[1] if title else "",
                code,
                match.start(),
                match.end(),
            )
        )
    return found


def expected_output(page: Path) -> Iterator[tuple[Block, str | None]]:
    """Each Python block to run, with what the page says it prints."""
    text, found = page.read_text(), blocks(page)
    for block, following in zip(found, [*found[1:], None]):
        if block.language != "python" or block.title:
            continue
        shown = (
            following is not None
            and following.language == "text"
            and not text[block.end : following.start].strip()
        )
        yield block, following.code if shown and following else None


def run(command: list[str], folder: Path, log_level: str = "CRITICAL") -> str:
    """What a command prints; fails the test with its standard error when it fails."""
    environment = os.environ | {
        "PYTHONPATH": str(ROOT),
        "PYTHONWARNINGS": "error",
        "PREFECT__LOGGING__LEVEL": log_level,
    }
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, f"{shlex.join(command)}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_page_does_what_it_says(page: Path, tmp_path: Path) -> None:
    """A reader who follows the page from top to bottom sees what it shows."""
    for block in blocks(page):
        if block.title:
            target = tmp_path / block.title
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(block.code)
    python = list(expected_output(page))
    if python:
        script, source = tmp_path / "run_page.py", tmp_path / "page.json"
        script.write_text(RUNNER)
        source.write_text(json.dumps([(str(page), b.line, b.code) for b, _ in python]))
        # The log is what one page is about; on the others it would hide what is printed.
        level = "INFO" if page.name == "logging.md" else "CRITICAL"
        printed = run([sys.executable, str(script), str(source), MARK], tmp_path, level)
        checker = doctest.OutputChecker()
        flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
        for (block, wanted), got in zip(python, printed.split(MARK + "\n")):
            where = f"{page.relative_to(ROOT)}:{block.line}"
            if wanted is not None:
                assert checker.check_output(wanted, got, flags), f"{where} prints\n{got}"
    for block in blocks(page):
        if block.language in ("bash", "console", "sh"):
            for command in commands(block.code):
                check_command(command, tmp_path)
        elif block.language == "toml":
            tomllib.loads(block.code)
        elif block.language == "json":
            json.loads(block.code)


def commands(code: str) -> Iterator[str]:
    """The commands of a shell block, without comments and continuation lines joined."""
    for line in code.replace("\\\n", " ").splitlines():
        line = line.strip().removeprefix("$ ")
        if line and not line.startswith("#"):
            yield line


def check_command(command: str, folder: Path) -> None:
    """Run a command of Python's; check others against what the project has."""
    words = shlex.split(command, comments=True)
    while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
        words.pop(0)
    if words[0] in ("python", "python3"):
        run([sys.executable, *words[1:]], folder)
    elif words[0] == "make":
        targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
        assert {w for w in words[1:] if "=" not in w} <= targets, command
    elif words[:2] == ["pip", "install"]:
        check_extras(words[-1])
    elif words[0] == "prefect-results":
        check_cli(words[1:])
    else:
        assert words[0] in KNOWN_COMMANDS, f"no test knows how to check: {command}"


#: Commands that are shown, and that a test of the page can't run.
KNOWN_COMMANDS = {"git", "cd", "export", "nox"}


def check_cli(words: list[str]) -> None:
    """The command line has this command, with these arguments and options."""
    click = pytest.importorskip("click", reason="the command line needs the extra `cli`")
    from prefect_results.cli.app import app

    command, name = app, "prefect-results"
    while isinstance(command, click.Group):
        name = words.pop(0)
        command = command.get_command(click.Context(command), name)
        assert command is not None, name
    command.make_context(name, words)


def check_extras(requirement: str) -> None:
    """The extras that a page tells the reader to install are in setup.cfg."""
    parser = RawConfigParser()
    parser.read(ROOT / "setup.cfg")
    match = re.search(r"\[([\w,]+)\]", requirement)
    named = set(match[1].split(",")) if match else set()
    assert named <= set(parser["options.extras_require"]), requirement


def test_every_page_is_in_the_navigation() -> None:
    """mkdocs.yml names each page once, and no page that is not there."""
    listed = re.findall(r"(\S+\.md)$", (ROOT / "mkdocs.yml").read_text(), re.MULTILINE)
    pages = [str(p.relative_to(ROOT / "docs")) for p in PAGES if p.parent != ROOT]
    assert sorted(listed) == sorted(pages)
