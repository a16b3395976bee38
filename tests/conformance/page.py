"""Writes `docs/conformance.md` from the table of legacy names and the intended differences.

`python -m tests.conformance.page` writes it; a test fails when it is out of date.
"""

from __future__ import annotations

from pathlib import Path

from prefect_results.compat import table
from tests.conformance.comparison import FLOWS
from tests.conformance.intended import INTENDED, ON_EXECUTORS

PAGE = Path(__file__).parent.parent.parent / "docs" / "conformance.md"

_HEAD = """\
# Conformance

<!-- Written by `python -m tests.conformance.page`; edit what it reads. -->

{count} small flows in `tests/conformance/flows`, in the style of Prefect 1.4.1, run there and
here. What is compared: the structure of the flow, the final state of the flow and of each task
(type, message, value, result type, location, serializer, cached inputs, context, run and loop
counts), mapped children, warnings, and log lines from INFO on. All of it agrees but for the
following.

## Intended differences

{differences}
## On other executors

`python -m tests.conformance --executors` runs all of the flows on each executor: on one core, on
`LocalDaskExecutor` with `sync`, `threads` and `processes`, and on a `DaskExecutor`. Of task runs in
other processes, log lines and warnings are not compared. What differs there beyond the above:

{on_executors}
## Legacy names

`import prefect`, once [`prefect_results.compat`](migrating.md) serves it, finds these. A module
that is one of ours is the same object under both names; the others are assembled from names that
live in several. Classes keep their identity: `prefect.Task is prefect_results.Task`.

| legacy module | here |
| --- | --- |
{names}

## Names without a home

Importing one of these, or a name below it that is not in the table above, raises an `ImportError`
that says what to use instead.

| legacy name | use instead |
| --- | --- |
{alternatives}
"""


def _homes(module: str) -> str:
    entry = table.TABLE[module]
    if isinstance(entry, str):
        return f"is `{entry}`"
    if not entry:
        return "a package of the modules below it"
    parts = []
    for home, names in entry.items():
        listed = "everything" if names == "*" else ", ".join(f"`{n}`" for n in names.split())
        parts.append(f"{listed} of `{home}`")
    return "; ".join(parts)


def render() -> str:
    """The page as it should be."""
    differences = "".join(f"- **{i.title}.** {i.reason}\n" for i in INTENDED)
    on_executors = "".join(
        f"- **{i.title}** ({i.executors.replace('|', ', ')}). {i.reason}\n" for i in ON_EXECUTORS
    )
    names = "\n".join(f"| `{module}` | {_homes(module)} |" for module in sorted(table.TABLE))
    rows = sorted(table.ALTERNATIVES.items())
    alternatives = "\n".join(f"| `{name}` | {instead} |" for name, instead in rows)
    return _HEAD.format(
        count=len(FLOWS),
        differences=differences,
        on_executors=on_executors,
        names=names,
        alternatives=alternatives,
    )


if __name__ == "__main__":
    PAGE.write_text(render(), encoding="utf-8")
