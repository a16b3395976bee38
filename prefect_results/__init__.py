"""Legacy flows on current Python, and task outputs as immutable results that can be sent anywhere.

`import prefect_results` gives what a flow is written with; results, serializers, states and
signals are in the subpackages of their names.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import prefect_results.tasks  # noqa: F401 - registers operators and collections
from prefect_results.clients import register_graphql
from prefect_results.configuration import config
from prefect_results.context import context
from prefect_results.core import (
    Flow,
    Parameter,
    Task,
    apply_map,
    flatten,
    mapped,
    tags,
    task,
    unmapped,
)
from prefect_results.core.keeping import register_agent, register_registrar
from prefect_results.core.running import register_recording
from prefect_results.engine import FlowRunner as _FlowRunner  # noqa: F401 - registers itself
from prefect_results.exceptions import MissingExtra
from prefect_results.legacy_names import register_legacy_names
from prefect_results.results.secret import register_secret_type
from prefect_results.states import State
from prefect_results.states.codec import register_codec
from prefect_results.tasks.control_flow.case import case
from prefect_results.tasks.core.resource_manager import resource_manager
from prefect_results.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from prefect_results.states.codec import Codec


def _wire() -> Codec:
    """The codec of states, imported when the first state is sent or received."""
    from prefect_results import wire

    return wire.codec


def _graphql() -> Callable[..., Any]:
    """What answers queries on a run store, imported when the first one is asked."""
    try:
        from prefect_results.server.local import answer
    except ImportError as exc:
        raise MissingExtra(package=exc.name or "graphql", extra="server") from exc
    return answer


def _registrar(flow: Flow, **options: Any) -> str:
    """Registers a flow; the backend is imported when the first flow is."""
    from prefect_results.backend.registering import register

    return register(flow, **options)


def _run_agent(flow: Flow, **options: Any) -> None:
    """Runs an agent; the backend is imported when the first one is."""
    from prefect_results.backend.agent import run_agent

    run_agent(flow, **options)


def _serve_legacy_names() -> None:
    """Lets `import prefect` be served; for flows whose code says it."""
    from prefect_results.compat import install

    install()


def _begin_recording(flow: Flow, **options: Any) -> Any:
    """Begins a recorded run; the backend is imported for the first one."""
    from prefect_results.backend.recording import begin

    return begin(flow, **options)


def _secret(kind: str, name: str) -> Task:
    """A task that fetches a secret; its module is imported for the first one."""
    from prefect_results.tasks import secrets

    return getattr(secrets, kind)(name)  # type: ignore[no-any-return]


for _kind in ("PrefectSecret", "EnvVarSecret"):
    register_secret_type(_kind, partial(_secret, _kind))
register_codec(_wire)
register_recording(_begin_recording)
register_graphql(_graphql)
register_legacy_names(_serve_legacy_names)
register_registrar(_registrar)
register_agent(_run_agent)

__all__ = [
    "__version__",
    "Flow",
    "Parameter",
    "State",
    "Task",
    "apply_map",
    "case",
    "config",
    "context",
    "flatten",
    "mapped",
    "resource_manager",
    "tags",
    "task",
    "unmapped",
]
