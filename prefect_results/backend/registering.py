"""`flow.register`: keeping a flow, with its code, where agents find it.

What belongs here: what is written when a flow is registered. What does not: reading the code again
(`loading`).
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prefect_results.backend.access import StoredRuns, open_access
from prefect_results.backend.access.remote import RemoteRuns
from prefect_results.configuration import config
from prefect_results.core.files import slugify
from prefect_results.exceptions import ClientError, SerializationError
from prefect_results.pickling import dumps
from prefect_results.version import __version__

if TYPE_CHECKING:
    from prefect_results.core import Flow

_IGNORED = frozenset({"add_default_labels"})


def register(
    flow: Flow,
    *,
    project_name: str | None = None,
    build: bool = True,
    labels: Iterable[str] | None = None,
    set_schedule_active: bool = True,
    version_group_id: str | None = None,
    no_url: bool = False,
    idempotency_key: str | None = None,
    source: Any = None,
    **kwargs: Any,
) -> str:
    """Register a version of a flow, so that its runs can be created and executed.

    The flow is pickled by cloudpickle into a file of the home folder, unless it has a storage of
    its own that says where its code is. In a run store, the project is created if need be.

    Args:
        flow: The flow.
        project_name: Name of its project.
        build: Whether its code is kept; False leaves the storage as it is.
        labels: Labels that an agent must have to run it.
        set_schedule_active: Whether its schedule is followed by a server that does so.
        version_group_id: Of which flow this is a version; told by name by default.
        no_url: Whether to print nothing.
        idempotency_key: Registering with the key of the newest version makes no new one.
        source: Where it is registered: a run store, a `Client` or the URL of either; the
            configured place by default.
        **kwargs: `add_default_labels` is taken and not used, as there are no default labels.

    Returns:
        The id of the version.

    Raises:
        TypeError: No project is given, or arguments that are not known.
        SerializationError: The flow cannot be pickled.
        ClientError, StoreError: It cannot be registered.
    """
    if project_name is None:
        raise TypeError("'project_name' is a required field when registering a flow.")
    unknown = set(kwargs) - _IGNORED
    if unknown:
        raise TypeError(f"flow.register() got unexpected arguments: {', '.join(sorted(unknown))}")
    access = open_access(source)
    described = _Described(flow, build, list(labels or ()))
    if isinstance(access, RemoteRuns):
        return access.client.register(
            described,  # type: ignore[arg-type]
            project_name,
            build=False,
            set_schedule_active=set_schedule_active,
            version_group_id=version_group_id,
            no_url=no_url,
            idempotency_key=idempotency_key,
        )
    assert isinstance(access, StoredRuns)
    store = access.store
    made = store.register_flow(
        store.ensure_project(project_name).id,
        described.serialize(),
        version_group_id=version_group_id,
        idempotency_key=idempotency_key,
        core_version=__version__,
    )
    if set_schedule_active and flow.schedule is not None:
        store.set_schedule_active(made.id)
    if not no_url:
        print(f"Flow: {flow.name}\n └── ID: {made.id}\n └── Project: {project_name}")
    return made.id


class _Described:
    """A flow whose wire form says where its code is, and the labels of its runs."""

    def __init__(self, flow: Flow, build: bool, labels: list[str]) -> None:
        self._flow = flow
        self._form = flow.serialize()
        if build and _is_ours(self._form.get("storage")):
            self._form["storage"] = keep_code(flow)
        if labels:
            run_config = dict(self._form.get("run_config") or {"type": "UniversalRun", "env": None})
            run_config["labels"] = sorted({*(run_config.get("labels") or ()), *labels})
            self._form["run_config"] = run_config

    def __getattr__(self, name: str) -> Any:
        return getattr(self._flow, name)

    def serialize(self, build: bool = False) -> dict[str, Any]:
        """Return the wire form."""
        return dict(self._form)


def _is_ours(storage: Any) -> bool:
    """Whether nobody else keeps the code of the flow."""
    if not storage:
        return True
    return storage.get("type") == "Local" and not (
        storage.get("path") or storage.get("stored_as_script")
    )


def keep_code(flow: Flow) -> dict[str, Any]:
    """Write a flow into a file of the home folder, once for each content.

    Returns:
        The wire form of a legacy `Local` storage that says where it is, with its SHA-256.

    Raises:
        SerializationError: The flow cannot be pickled.
        ClientError: The file cannot be written.
    """
    from prefect_results.filesystems import LocalFileSystem

    try:
        # The version of the protocol that Prefect 1.4.1 and each supported Python can read.
        content = dumps(flow, protocol=4)
    except Exception as exc:
        raise SerializationError(
            f"The flow {flow.name!r} cannot be registered, as it cannot be pickled: {exc}. Keep "
            "open files, connections and locks out of it; its tasks can make them when they run."
        ) from exc
    digest = hashlib.sha256(content).hexdigest()
    folder = Path(os.path.expanduser(str(config.home_dir))).absolute() / "flows"
    name = f"{slugify(flow.name) or 'flow'}/{digest[:32]}.prefect"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        LocalFileSystem(str(folder)).put(name, content)
    except OSError as exc:
        raise ClientError(f"The code of flow {flow.name!r} cannot be kept: {exc}") from exc
    return {
        "type": "Local",
        "directory": str(folder),
        "path": None,
        "flows": {flow.name: str(folder / name)},
        "secrets": [],
        "stored_as_script": False,
        "sha256": digest,
        "__version__": __version__,
    }
