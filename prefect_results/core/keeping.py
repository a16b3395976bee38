"""What becomes of a flow outside its process: its description, its file, its registration.

What belongs here: the methods of a flow for that. What does not: how each is done (`core.schemas`,
`core.files`, and the rooms above, which hand it over).
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, cast

from prefect_results.context import context
from prefect_results.core.building import FlowBuilding
from prefect_results.exceptions import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from prefect_results.core.flow import Flow

INSIDE_CONTEXT = (
    "`flow.{method}()` was called inside of the `with Flow(...)` block in which the flow is still "
    "being built. Call it behind that block, at the indentation of the `with`."
)

_registrar: Callable[..., str] | None = None
_agent: Callable[..., None] | None = None


def register_registrar(registrar: Callable[..., str] | None) -> None:
    """Hand over what ``flow.register()`` does; the ``backend`` room calls this.

    Args:
        registrar: Called with the flow and the keywords of :meth:`Flow.register`; returns the ID
            of the registered flow. None takes it back.
    """
    global _registrar
    _registrar = registrar


def register_agent(agent: Callable[..., None] | None) -> None:
    """Hand over what ``flow.run_agent()`` does; the ``backend`` room calls this.

    Args:
        agent: Called with the flow and the keywords of :meth:`Flow.run_agent`; returns when the
            agent has ended. None takes it back.
    """
    global _agent
    _agent = agent


class FlowKeeping(FlowBuilding):
    """Mixin of :class:`~prefect_results.core.flow.Flow`: keeping it, and serving its runs."""

    def serialize(self, build: bool = False) -> dict[str, Any]:
        """This flow as a JSON-compatible dict, in the form of Prefect 1.4.1.

        Args:
            build: Whether to build the storage first.

        Returns:
            The dict.

        Raises:
            ValueError: if the flow is invalid, or has no storage to build.
        """
        from prefect_results.core.schemas import serialize_flow

        return serialize_flow(cast("Flow", self), build)

    def serialized_hash(self, build: bool = False) -> str:
        """SHA-256 of the serialized flow, as hexadecimal text: equal if nothing changed.

        Args:
            build: Whether to build the storage first.
        """
        import hashlib
        import json

        serialized = json.dumps(self.serialize(build), sort_keys=True)
        return hashlib.sha256(serialized.encode()).hexdigest()

    @classmethod
    def load(cls, fpath: str) -> Flow:
        """Read a flow that :meth:`save` wrote. Loading a pickle runs code: trust the file.

        Args:
            fpath: Absolute path, or the name of a flow saved in ``~/.prefect/flows``.
        """
        from prefect_results.core.files import load_flow

        return load_flow(fpath)

    def save(self, fpath: str | None = None) -> str:
        """Write the flow to a file, with cloudpickle.

        Args:
            fpath: Where; ``~/.prefect/flows/<name>.prefect`` by default.

        Returns:
            The path of the file.
        """
        from prefect_results.core.files import save_flow

        return save_flow(cast("Flow", self), fpath)

    def register(
        self,
        project_name: str | None = None,
        build: bool = True,
        labels: list[str] | None = None,
        set_schedule_active: bool = True,
        version_group_id: str | None = None,
        no_url: bool = False,
        idempotency_key: str | None = None,
        **kwargs: Any,
    ) -> str | None:
        """Register the flow with a backend, if there is one.

        Args:
            project_name: Project that it belongs to.
            build: Whether to build the storage first.
            labels: Labels of its runs.
            set_schedule_active: Whether its schedule is followed.
            version_group_id: Which flow this is a version of; told by name by default.
            no_url: Whether not to print a link.
            idempotency_key: Registering with the same key again makes no new version.
            kwargs: What else the backend takes.

        Returns:
            The ID of the flow; None while a flow file is being loaded.

        Raises:
            ValueError: if called inside ``with Flow(...)``.
            ConfigurationError: if there is no backend.
        """
        if hasattr(self, "_ctx"):
            raise ValueError(INSIDE_CONTEXT.format(method="register"))
        if context.get("loading_flow", False):
            warnings.warn(
                "`flow.register()` does nothing while the file that builds the flow is loaded.",
                stacklevel=2,
            )
            return None
        if _registrar is None:
            raise ConfigurationError(
                "This flow cannot be registered, as there is no backend. `flow.run()` needs none."
            )
        return _registrar(
            self,
            project_name=project_name,
            build=build,
            labels=labels,
            set_schedule_active=set_schedule_active,
            version_group_id=version_group_id,
            no_url=no_url,
            idempotency_key=idempotency_key,
            **kwargs,
        )

    def diagnostics(self, include_secret_names: bool = False) -> str:
        """Versions, settings and what this flow has, as JSON for a report (Prefect 1.4.1).

        Args:
            include_secret_names: Whether secrets are listed by their names. No value of a setting
                is ever told.
        """
        from prefect_results.core.diagnostics import diagnostic_info

        return diagnostic_info(cast("Flow", self), include_secret_names)

    def run_agent(
        self,
        token: str | None = None,
        show_flow_logs: bool = False,
        log_to_cloud: bool | None = None,
        api_key: str | None = None,
    ) -> None:
        """Execute scheduled runs with the labels of this flow's run configuration, here.

        Does not return until it is interrupted. As in Prefect 1.4.1, the agent takes the runs of
        any flow that has such labels; the flow has to be registered.

        Args:
            token: Not used: an agent works on the run store itself, and logs in nowhere.
            show_flow_logs: Whether runs write to this process's output.
            log_to_cloud: Whether logs of runs are recorded; the configuration's
                ``cloud.send_flow_run_logs`` by default.
            api_key: Not used, as `token`.

        Raises:
            ConfigurationError: if there is no backend, or it is known by its API only.
        """
        if _agent is None:
            raise ConfigurationError(
                "There is no backend whose runs an agent could execute. `flow.run()` needs none."
            )
        _agent(cast("Flow", self), show_flow_logs=show_flow_logs, log_to_cloud=log_to_cloud)
