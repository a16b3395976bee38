"""Flows with their code, from where their registration says it is.

What belongs here: reading code that was kept. What does not: keeping it (`registering`). Loading a
flow runs code: whoever may write to a run store, or to the home folder, may have it run by agents.
"""

from __future__ import annotations

import base64
import hashlib
import importlib
import json
import runpy
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from prefect_results.context import context
from prefect_results.core import Flow
from prefect_results.exceptions import FlowStorageError
from prefect_results.legacy_names import imports_prefect, serve_legacy_names

if TYPE_CHECKING:
    from prefect_results.backend.access import FlowData


def load_flow(data: FlowData) -> Flow:
    """Return a registered flow with its code.

    Args:
        data: What is recorded of the flow version.

    Raises:
        FlowStorageError: Its code is not here, was changed, or cannot be loaded.
    """
    storage = data.storage
    if not isinstance(storage, Mapping) or not storage:
        raise FlowStorageError(
            f"The code of flow {data.name!r} (version {data.version}, id {data.id}) was not kept "
            "with it; `flow.register(project_name=...)` keeps it."
        )
    kind = storage.get("type")
    with context(loading_flow=True):
        if kind == "Local" and (storage.get("path") or storage.get("stored_as_script")):
            return _from_script(data.name, storage)
        if kind == "Local":
            return _from_pickle(data.name, storage)
        if kind == "Module":
            return _from_module(data.name, str(storage.get("module")))
    raise FlowStorageError(
        f"The code of flow {data.name!r} is in a {kind} storage, which this library does not read; "
        "register it without a storage, or with one of type Local or Module."
    )


def _from_pickle(name: str, storage: Mapping[str, Any]) -> Flow:
    import cloudpickle

    path = (storage.get("flows") or {}).get(name)
    if not path:
        raise FlowStorageError(f"The storage of flow {name!r} does not say where its code is.")
    content = _read(name, path)
    digest = storage.get("sha256")
    if digest and hashlib.sha256(content).hexdigest() != digest:
        raise FlowStorageError(
            f"The code of flow {name!r} in {path} is not what was registered; register it again."
        )
    kept_by = ""
    try:
        if content.startswith(b"{"):
            content, kept_by = _of_legacy_release(content)
        flow = cloudpickle.loads(content)
    except ModuleNotFoundError as exc:
        raise FlowStorageError(
            f"Loading flow {name!r} needs the module {exc.name!r}, which cannot be imported here: "
            "install it, or start the agent where it can be."
        ) from exc
    except Exception as exc:
        raise FlowStorageError(
            f"Flow {name!r} cannot be loaded from {path}{kept_by}: {exc!r}"
        ) from exc
    return _checked(name, flow, path)


def _of_legacy_release(content: bytes) -> tuple[bytes, str]:
    """The pickle in what Prefect 1.4.1 keeps of a flow, and words about where it was made.

    What it pickled refers to legacy names, which are served from then on.
    """
    form = json.loads(content)
    serve_legacy_names()
    versions = ", ".join(f"{one} {version}" for one, version in form.get("versions", {}).items())
    return base64.b64decode(form["flow"]), f" (kept with {versions})"


def _from_script(name: str, storage: Mapping[str, Any]) -> Flow:
    path = storage.get("path") or (storage.get("flows") or {}).get(name)
    if not path:
        raise FlowStorageError(f"The storage of flow {name!r} does not say where its script is.")
    source = _read(name, path)
    try:
        if imports_prefect(source):
            serve_legacy_names()
        names = runpy.run_path(str(path), run_name="<flow>")
    except Exception as exc:
        raise FlowStorageError(f"The script {path} of flow {name!r} fails: {exc!r}") from exc
    return _among(name, names.values(), str(path))


def _from_module(name: str, module: str) -> Flow:
    module, _, attribute = module.partition(":")
    try:
        loaded = _imported(module)
    except ImportError as exc:
        raise FlowStorageError(f"The module {module!r} of flow {name!r} fails: {exc!r}") from exc
    found = vars(loaded).values() if not attribute else [getattr(loaded, attribute, None)]
    return _among(name, found, module)


def _imported(module: str) -> ModuleType:
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as exc:
        if not exc.name or exc.name.partition(".")[0] != "prefect" or module == exc.name:
            raise
    serve_legacy_names()
    return importlib.import_module(module)


def _among(name: str, values: Any, place: str) -> Flow:
    for value in values:
        if isinstance(value, Flow) and value.name == name:
            return value
    raise FlowStorageError(f"There is no flow {name!r} in {place}.")


def _checked(name: str, flow: Any, path: object) -> Flow:
    if not isinstance(flow, Flow):
        raise FlowStorageError(f"What lies at {path} is no flow {name!r}: {type(flow).__name__}")
    return flow


def _read(name: str, path: Any) -> bytes:
    try:
        return Path(str(path)).expanduser().read_bytes()
    except OSError as exc:
        raise FlowStorageError(
            f"The code of flow {name!r} cannot be read from {path}: {exc.strerror}. It was "
            "deleted, or registered on another machine; register the flow again."
        ) from exc
