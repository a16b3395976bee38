"""What mkdocs fills into the pages: tables that are derived from the code, so that they can't drift.

`<!-- configuration -->` becomes the defaults of config.toml, `<!-- errors -->` the tree of errors,
`<!-- layers -->` the contract of import-linter. Pages that are not self-contained are refused.
"""

from __future__ import annotations

import re
from configparser import RawConfigParser
from pathlib import Path

from mkdocs.exceptions import PluginError

ROOT = Path(__file__).parent.parent.parent


def configuration_table() -> str:
    """The settings in config.toml as a table: name, default, environment variable, comment."""
    rows = ["| setting | default | meaning |", "| --- | --- | --- |"]
    section, comment = "", []
    for line in (ROOT / "prefect_results" / "config.toml").read_text().splitlines():
        line = line.strip()
        if line.startswith("#"):
            comment.append(line.lstrip("# "))
        elif line.startswith("["):
            section, comment = line.strip("[]") + ".", []
        elif "=" in line:
            key, _, value = line.partition("=")
            meaning = " ".join(comment).replace("|", "\\|")
            default = value.strip().replace("|", "\\|")
            rows.append(f"| `{section}{key.strip()}` | `{default}` | {meaning} |")
            comment = []
        elif not line and not section:
            comment = []
    return "\n".join(rows)


def error_tree() -> str:
    """The errors as a nested list, each with the first sentence of its docstring."""
    import prefect_results.exceptions as module

    classes = [
        value
        for value in vars(module).values()
        if isinstance(value, type)
        and issubclass(value, BaseException)
        and value.__module__ == module.__name__
    ]

    def branch(parent: type, depth: int) -> list[str]:
        lines = []
        for error in classes:
            if error.__bases__[0] is not parent:
                continue
            others = [f"`{base.__name__}`" for base in error.__bases__[1:]]
            also = f", also {', '.join(others)}" if others else ""
            words = re.split(r"(?<=\.)\s", (error.__doc__ or "").strip())[0].replace("\n", " ")
            lines.append(f"{'    ' * depth}- `{error.__name__}`{also}: {words}")
            lines += branch(error, depth + 1)
        return lines

    return "\n".join(branch(Exception, 0) + branch(BaseException, 0))


def layers() -> str:
    """The contract of import-linter, as a block of text."""
    parser = RawConfigParser()
    parser.read(ROOT / "setup.cfg")
    return f"```\n{parser['importlinter:contract:layers']['layers'].strip()}\n```"


FILLED = {"configuration": configuration_table, "errors": error_tree, "layers": layers}


def on_page_markdown(markdown: str, **_: object) -> str:
    """Fill the marked places of a page."""
    for name, make in FILLED.items():
        if f"<!-- {name} -->" in markdown:
            markdown = markdown.replace(f"<!-- {name} -->", make())
    return markdown


def on_post_page(output: str, **_: object) -> str:
    """Refuse a page that would load something from the network.

    Raises:
        PluginError: it would.
    """
    loaded = re.findall(r'<(?:script|img|iframe|link)\b[^>]*\b(?:src|href)="(https?:[^"]+)', output)
    if loaded:
        raise PluginError(f"a page loads {', '.join(sorted(set(loaded)))} from the network")
    return output
