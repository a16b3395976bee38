"""Every small flow ends here as it ends under Prefect 1.4.1."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.conformance import comparison
from tests.conformance.intended import INTENDED
from tests.conformance.page import PAGE, render


@pytest.fixture(scope="module")
def told(legacy_python: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """What both sides say about every flow."""
    return comparison.theirs(legacy_python), comparison.ours()


def test_there_are_enough_flows() -> None:
    """The comparison keeps its breadth."""
    assert len(comparison.FLOWS) >= 100


@pytest.mark.parametrize("flow", [path.stem for path in comparison.FLOWS])
def test_flow_ends_as_in_legacy(flow: str, told: tuple[dict[str, Any], dict[str, Any]]) -> None:
    """Structure, states, values, what is cached, warnings and log lines agree."""
    theirs, ours = (side[flow] for side in told)
    found = comparison.differences(flow, theirs, ours)
    unexplained = [d for d in found if not any(i.covers(d) for i in INTENDED)]
    if unexplained and "traceback" in ours and "traceback" not in theirs:
        pytest.fail(ours["traceback"])
    assert not unexplained, "\n".join(map(str, unexplained[:12]))


def test_no_flow_file_is_broken(told: tuple[dict[str, Any], dict[str, Any]]) -> None:
    """A flow file that legacy can't run compares nothing."""
    assert {name for name, side in told[0].items() if "error" in side} == set()


def test_every_intended_difference_is_seen(told: tuple[dict[str, Any], dict[str, Any]]) -> None:
    """An entry that explains nothing is out of date."""
    found = [
        d for name in told[0] for d in comparison.differences(name, told[0][name], told[1][name])
    ]
    assert [i.title for i in INTENDED if not any(i.covers(d) for d in found)] == []


def test_the_page_is_up_to_date() -> None:
    """The documentation lists the names and the differences that the code has."""
    assert PAGE.read_text(encoding="utf-8") == render(), "run `python -m tests.conformance.page`"
