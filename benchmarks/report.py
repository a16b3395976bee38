"""Rows of measurements and the table they are printed as."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One measurement.

    Args:
        name: what was measured.
        value: our figure, in `unit`.
        unit: `us` (microseconds), `ms`, `s`, `B`, `MB/s`, or empty for a plain ratio.
        peer: what it is compared with; empty when the figure stands alone.
        peer_value: the peer's figure in the same unit.
        goal: the words of the target, e.g. `>= 10x faster`; empty when there is none.
        met: whether the target was met, None without a target.
        ratio: the ratio the target speaks of, None when there is none.
    """

    name: str
    value: float
    unit: str
    peer: str = ""
    peer_value: float | None = None
    goal: str = ""
    met: bool | None = None
    ratio: float | None = None


def faster(name: str, ours: float, peer: str, theirs: float, times: float, unit: str = "us") -> Row:
    """A row whose target is to take at most 1/`times` of what the peer takes."""
    ratio = theirs / ours
    return Row(name, ours, unit, peer, theirs, f">= {times:g}x faster", ratio >= times, ratio)


def within(name: str, ours: float, peer: str, theirs: float, times: float, unit: str = "us") -> Row:
    """A row whose target is to take at most `times` what the peer takes."""
    ratio = ours / theirs
    return Row(name, ours, unit, peer, theirs, f"<= {times:g} of it", ratio <= times, ratio)


def at_least(
    name: str, ours: float, peer: str, theirs: float, times: float, unit: str = "MB/s"
) -> Row:
    """A row whose target is a rate of at least `times` the peer's."""
    ratio = ours / theirs
    return Row(name, ours, unit, peer, theirs, f">= {times:g} of it", ratio >= times, ratio)


def compared(name: str, ours: float, peer: str, theirs: float, unit: str = "us") -> Row:
    """A row without a target: how many times the peer's figure is ours."""
    return Row(name, ours, unit, peer, theirs, ratio=theirs / ours)


def at_most(name: str, ours: float, limit: float, unit: str) -> Row:
    """A row whose target is an absolute figure."""
    return Row(name, ours, unit, goal=f"<= {limit:g} {unit}", met=ours <= limit)


def table(rows: list[Row]) -> str:
    """The rows as a Markdown table with aligned columns."""
    cells = [["measurement", "ours", "peer", "its figure", "ratio", "target", ""]]
    for row in rows:
        theirs = "" if row.peer_value is None else f"{_number(row.peer_value)} {row.unit}"
        verdict = {True: "OK", False: "MISS", None: ""}[row.met]
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        ours = f"{_number(row.value)} {row.unit}"
        cells.append([row.name, ours, row.peer, theirs, ratio, row.goal, verdict])
    widths = [max(len(line[i]) for line in cells) for i in range(len(cells[0]))]
    right = {1, 3, 4}
    lines = [
        "| " + " | ".join(_pad(c, widths[i], i in right) for i, c in enumerate(line)) + " |"
        for line in cells
    ]
    rules = ["-" * (w + 1) + (":" if i in right else "-") for i, w in enumerate(widths)]
    return "\n".join([lines[0], f"|{'|'.join(rules)}|", *lines[1:]])


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def _pad(text: str, width: int, right: bool) -> str:
    return text.rjust(width) if right else text.ljust(width)
