"""The flows end on executors with several workers as they end on one core."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conformance import comparison, executors
from tests.conformance.intended import INTENDED, ON_EXECUTORS

#: Of the executors with processes a part, as each flow takes seconds there; the command
#: `python -m tests.conformance --executors` runs all.
SOME = (
    "collections",
    "map_levels",
    "map_nested",
    "flatten_errors",
    "retries_plain",
    "skip_propagation",
)


@pytest.mark.parametrize("executor", ["sync", "threads", "processes", "dask"])
def test_flows_end_as_in_legacy(executor: str, legacy_python: Path) -> None:
    """States, values and what is observed agree, but for what is meant to differ."""
    remote = executor in executors.REMOTE
    if executor == "dask":
        pytest.importorskip("distributed")
    flows = [path for path in comparison.FLOWS if not remote or path.stem in SOME]
    assert len(flows) >= len(SOME)
    theirs = comparison.theirs(legacy_python, flows)
    ours = comparison.ours(flows, executor)
    unexplained = [
        difference
        for path in flows
        for difference in comparison.differences(
            path.stem, theirs[path.stem], ours[path.stem], remote=remote
        )
        if not any(i.covers(difference, executor) for i in (*INTENDED, *ON_EXECUTORS))
    ]
    assert not unexplained, "\n".join(map(str, unexplained[:12]))
