"""The codemod that rewrites legacy imports."""

from __future__ import annotations

import pytest

from prefect_results.compat.rewrite import rewrite
from tests.conformance.comparison import FLOWS


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("from prefect import Flow, task as t\n", "from prefect_results import Flow, task as t\n"),
        ("from prefect.engine import state\n", "from prefect_results import states as state\n"),
        ("from prefect.engine import signals\n", "from prefect_results import signals\n"),
        (
            "from prefect.engine.result import Result, NoResult\n",
            "from prefect_results.results import Result, NoResult\n",
        ),
        (
            "import prefect.engine.state as s\ns.Success()\n",
            "import prefect_results.states\nprefect_results.states.Success()\n",
        ),
        (
            "import os, prefect\nprefect.context.get('x')\n",
            "import os\nimport prefect_results\nprefect_results.context.get('x')\n",
        ),
        (
            "import prefect\nx = prefect.engine.state.Success\n",
            "import prefect_results.states\nx = prefect_results.states.Success\n",
        ),
        (
            "from prefect.utilities import tasks\ntasks.tags('x')\n",
            "import prefect_results.core\nprefect_results.core.tags('x')\n",
        ),
        (
            "def f():\n    from prefect.core import Edge\n    return 'é', Edge\n",
            "def f():\n    from prefect_results.core import Edge\n    return 'é', Edge\n",
        ),
        ("import os\nimport numpy as prefecture\n", "import os\nimport numpy as prefecture\n"),
    ],
)
def test_imports_and_uses(before: str, after: str) -> None:
    """Each form of import becomes the home's, and so do the names used through it."""
    assert rewrite(before).source == after
    assert rewrite(before).notes == []


def test_what_has_no_home_is_kept_and_reported() -> None:
    """Names without a home stay; the notes say what to use, with line numbers."""
    source = "from prefect import models\nimport prefect\nprefect.agent.docker\n'prefect.Flow'\n"
    done = rewrite(source)
    assert "from prefect import models\n" in done.source
    assert "prefect.agent.docker" in done.source
    assert [note.split(":")[0] for note in done.notes] == ["1", "3", "4"]
    assert "prefect_results.Flow" in done.notes[2]


@pytest.mark.parametrize("path", FLOWS, ids=lambda path: path.stem)
def test_rewritten_flow_files_compile_and_are_done(path) -> None:
    """No import of `prefect` is left in a rewritten flow file; rewriting again changes nothing."""
    done = rewrite(path.read_text())
    compile(done.source, str(path), "exec")
    lines = [line.strip() for line in done.source.splitlines()]
    assert not [line for line in lines if line.startswith(("import prefect.", "from prefect."))]
    assert "import prefect" not in lines
    assert rewrite(done.source).source == done.source
