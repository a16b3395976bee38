"""What a report of a problem says of the system, the settings and the flow; no value of a setting.

What belongs here: collecting names, types and versions. What does not: printing them (the command
`prefect-results config diagnostics`).
"""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from prefect_results import configuration
from prefect_results.collections import dict_to_flatdict, flatdict_to_dict
from prefect_results.version import LEGACY_VERSION, __version__

if TYPE_CHECKING:
    from prefect_results.core.flow import Flow

#: Packages whose versions matter to what goes wrong.
PACKAGES = (
    "alembic azure-storage-blob boto3 cloudpickle dask distributed fsspec google-cloud-storage "
    "graphql-core marshmallow numpy pandas pendulum psycopg pyarrow sqlalchemy"
).split()
_SECRETS = "CONTEXT__SECRETS__"


def system_information() -> dict[str, Any]:
    """The platform, and the versions of Python, of this library and of what it builds on."""
    return {
        "system_information": {
            "platform": platform.platform(),
            "python_version": platform.python_version(),
            "prefect_version": LEGACY_VERSION,
            "prefect_results_version": __version__,
            "prefect_backend": configuration.config.backend,
            "packages": {name: found for name in PACKAGES if (found := _version(name))},
        }
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def config_overrides(include_secret_names: bool = False) -> dict[str, Any]:
    """Which settings the user's file has that differ from the defaults.

    Args:
        include_secret_names: Whether secrets are listed by their names.

    Returns:
        `{"config_overrides": nested dict}`, with True in the place of each value.
    """
    path = configuration.USER_CONFIG
    own: dict[Any, Any] = {}
    if path and os.path.isfile(str(configuration.interpolate_env_vars(path))):
        own = dict_to_flatdict(configuration.load_toml(path))
    defaults = dict_to_flatdict(configuration.load_toml(configuration.DEFAULT_CONFIG))
    changed = {k: v for k, v in own.items() if k not in defaults or defaults[k] != v}
    return {"config_overrides": _marked(flatdict_to_dict(changed), include_secret_names)}


def _marked(settings: Mapping[str, Any], include_secret_names: bool) -> dict[str, Any]:
    return {
        key: False
        if key == "secrets" and not include_secret_names
        else _marked(value, include_secret_names)
        if isinstance(value, Mapping)
        else True
        for key, value in settings.items()
    }


def environment_variables(include_secret_names: bool = False) -> dict[str, Any]:
    """The names of the environment variables that set something.

    Args:
        include_secret_names: Whether those of secrets are among them; Prefect 1.4.1 always lists
            them.

    Returns:
        `{"env_vars": sorted names}`.
    """
    start = f"{configuration.ENV_VAR_PREFIX}__"
    names = sorted(name for name in os.environ if name.startswith(start))
    if not include_secret_names:
        names = [n for n in names if not n[len(start) :].upper().startswith(_SECRETS)]
    return {"env_vars": names}


def flow_information(flow: Flow) -> dict[str, Any]:
    """What a flow has besides tasks: types, and which of their attributes are set."""
    told = {
        name: _described(getattr(flow, name))
        for name in ("run_config", "storage", "result", "schedule", "executor")
    }
    return {"flow_information": {"environment": False, **told, "task_count": len(flow.tasks)}}


def _described(thing: Any) -> Any:
    if thing is None:
        return False
    attributes = getattr(thing, "__dict__", {})
    return {
        "type": type(thing).__name__,
        **{k: bool(v) for k, v in attributes.items() if not k.startswith("_")},
    }


def diagnostic_info(flow: Flow | None = None, include_secret_names: bool = False) -> str:
    """All of it as JSON, for a report of a problem (Prefect 1.4.1).

    Args:
        flow: The flow that it is about, if it is about one.
        include_secret_names: Whether secrets are listed by their names; their values never are.
    """
    told = {
        **system_information(),
        **config_overrides(include_secret_names),
        **environment_variables(include_secret_names),
        **(flow_information(flow) if flow is not None else {}),
    }
    return json.dumps(told, sort_keys=True, indent=2)
