"""Flows with their code, from where their registration says it is.

What belongs here: reading code that was kept. What does not: keeping it (`registering`). Loading a
flow runs code: whoever may write to a run store, or to the home folder, may have it run by agents.
"""

from __future__ import annotations

import hashlib
import importlib
import runpy
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prefect_results.context import context
from prefect_results.core import Flow
from prefect_results.exceptions import FlowStorageError

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
    try:
        flow = cloudpickle.loads(content)
    except ModuleNotFoundError as exc:
        raise FlowStorageError(
            f"Loading flow {name!r} needs the module {exc.name!r}, which cannot be imported here: "
            "install it, or start the agent where it can be."
        ) from exc
    except Exception as exc:
        raise FlowStorageError(f"Flow {name!r} cannot be loaded from {path}: {exc!r}") from exc
    return _checked(name, flow, path)


def _from_script(name: str, storage: Mapping[str, Any]) -> Flow:
    path = storage.get("path") or (storage.get("flows") or {}).get(name)
    if not path:
        raise FlowStorageError(f"The storage of flow {name!r} does not say where its script is.")
    _read(name, path)
    try:
        names = runpy.run_path(str(path), run_name="<flow>")
    except Exception as exc:
        raise FlowStorageError(f"The script {path} of flow {name!r} fails: {exc!r}") from exc
    return _among(name, names.values(), str(path))


def _from_module(name: str, module: str) -> Flow:
    module, _, attribute = module.partition(":")
    try:
        loaded = importlib.import_module(module)
    except ImportError as exc:
        raise FlowStorageError(f"The module {module!r} of flow {name!r} fails: {exc!r}") from exc
    found = vars(loaded).values() if not attribute else [getattr(loaded, attribute, None)]
    return _among(name, found, module)


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
