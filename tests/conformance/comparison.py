"""Runs the probe on both sides and lists where they differ.

Belongs here: starting the two interpreters, keeping the peer's answers in the user's cache, and
finding differences between two descriptions. What is allowed to differ is in `intended.py`.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from tests.peers import legacy_environment, peers_folder

HERE = Path(__file__).parent
PROBE = HERE / "probe.py"
FLOWS = sorted((HERE / "flows").glob("*.py"))
#: Log levels that are compared; legacy's debug lines are part of nobody's interface.
LEVELS = ("INFO", "WARNING", "ERROR", "CRITICAL")
_SET = re.compile(r"\{(<[^}]*>)\}")
_TASK = re.compile(r"Task '([^']*)'")


class Difference(NamedTuple):
    """One place where the two sides differ: a path into the description, and what each says."""

    flow: str
    path: str
    theirs: Any
    ours: Any

    def __str__(self) -> str:
        theirs, ours = (json.dumps(v)[:300] for v in (self.theirs, self.ours))
        return f"{self.flow}: {self.path}\n    1.4.1: {theirs}\n    here:  {ours}"


def _probe(
    python: str | Path, flows: list[Path], *flags: str, executor: str | None = None
) -> dict[str, Any]:
    if not flows:
        return {}
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out.json"
        env = {**legacy_environment(), "PYTHONHASHSEED": "0"}
        if flags:
            env["PYTHONPATH"] = str(HERE.parent.parent)
        if executor is not None:
            factory = f"tests.conformance.executors.{executor}"
            env["PREFECT__ENGINE__EXECUTOR__DEFAULT_CLASS"] = factory
        command = [str(python), str(PROBE), *flags, str(out), *map(str, flows)]
        done = subprocess.run(
            command, env=env, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=1800
        )
        if done.returncode:
            raise RuntimeError(f"{' '.join(command[:3])} failed:\n{done.stderr[-3000:]}")
        told: dict[str, Any] = json.loads(out.read_text())
        return told


def _key(flow: Path) -> str:
    return hashlib.sha256(PROBE.read_bytes() + flow.read_bytes()).hexdigest()


def theirs(python: Path, flows: list[Path] = FLOWS) -> dict[str, Any]:
    """What Prefect 1.4.1 does with each flow; answers are kept by the hash of flow and probe.

    Args:
        python: the peer's interpreter.
        flows: the flow files.

    Returns:
        The description of each flow by the stem of its file.
    """
    path = peers_folder().parent / "conformance-1.4.1.json"
    kept: dict[str, Any] = {}
    if path.exists():
        kept = json.loads(path.read_text())
    fresh = _probe(python, [f for f in flows if _key(f) not in kept])
    if fresh:
        kept = {k: kept[k] for k in map(_key, FLOWS) if k in kept}
        kept.update({_key(f): fresh[f.stem] for f in flows if f.stem in fresh})
        draft = path.with_suffix(f".{os.getpid()}")
        draft.write_text(json.dumps(kept))
        draft.replace(path)
    return {f.stem: kept[_key(f)] for f in flows}


def ours(flows: list[Path] = FLOWS, executor: str | None = None) -> dict[str, Any]:
    """What this library does with each flow under the name `prefect`; see `theirs`.

    Args:
        flows: the flow files.
        executor: a function of `executors` that makes the executor of flows that name none; by
            default they run on a `LocalExecutor`.
    """
    return _probe(sys.executable, flows, "--ours", executor=executor)


def _sorted(found: re.Match[str]) -> str:
    return "{" + ", ".join(sorted(found.group(1).split(", "))) + "}"


def _log(lines: list[list[Any]]) -> dict[str, list[list[Any]]]:
    """Groups log lines by what they are about, as sibling tasks run in no particular order."""
    groups: dict[str, list[list[Any]]] = {}
    for line in lines:
        level, logger, text, _ = line
        if level not in LEVELS:
            continue
        named = _TASK.search(text)
        group = f"{logger}/{named.group(1)}" if named else logger
        groups.setdefault(group, []).append(line)
    for group, members in groups.items():
        starts = sum("Starting task run" in line[2] for line in members)
        if starts > 1 or group == "prefect.TaskRunner":
            members.sort(key=lambda line: (line[0], str(line[3]), line[2]))
    return groups


def differences(
    flow: str, theirs: dict[str, Any], ours: dict[str, Any], remote: bool = False
) -> list[Difference]:
    """Lists where two descriptions of one flow differ.

    Args:
        flow: the flow's name, for the differences' own sake.
        theirs: the description by the peer.
        ours: the description by this library.
        remote: whether tasks ran in other processes, whose log lines and warnings are not here.
    """
    sides = []
    for told in (theirs, ours):
        kept = {k: v for k, v in told.items() if k != "traceback"}
        warned = [[kind, _SET.sub(_sorted, text)] for kind, text in told["warnings"]]
        sides.append({**kept, "log": _log(told["log"]), "warnings": warned})
    if remote:
        sides = [{k: v for k, v in side.items() if k not in ("log", "warnings")} for side in sides]
    return [Difference(flow, path, a, b) for path, a, b in _walk("", *sides)]


def _walk(path: str, a: Any, b: Any) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(a, dict) and isinstance(b, dict) and a.keys() == b.keys() == {"dict"}:
        # Legacy fills dictionaries from sets of tasks, so their order says nothing.
        yield from _walk(f"{path}/dict", *(sorted(side["dict"], key=str) for side in (a, b)))
    elif isinstance(a, dict) and isinstance(b, dict):
        for key in sorted({*a, *b}):
            yield from _walk(f"{path}/{key}", a.get(key, "<absent>"), b.get(key, "<absent>"))
    elif isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        for index, pair in enumerate(zip(a, b, strict=True)):
            yield from _walk(f"{path}/{index}", *pair)
    elif a != b:
        yield path, a, b
