"""Run configurations of legacy flow files: where and how a legacy agent would start the flow.

Nothing in this library acts on them. They are kept so that a flow file that carries one runs
unmodified, and so that its description is still there when the flow is serialized.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from prefect_results.version import LEGACY_VERSION


class RunConfig:
    """Base of all run configurations.

    Args:
        env: environment variables for the run.
        labels: labels that an agent must have to take the run.
    """

    #: What a class takes besides `env` and `labels`, with defaults.
    fields: ClassVar[dict[str, Any]] = {}

    def __init__(self, env: dict[str, Any] | None = None, labels: Iterable[str] | None = None):
        self.env = env
        self.labels: set[str] = set(labels) if labels is not None else set()

    def serialize(self) -> dict[str, Any]:
        """A JSON-compatible description, with the fields that Prefect 1.4.1 writes."""
        told: dict[str, Any] = {"type": type(self).__name__, "__version__": LEGACY_VERSION}
        told.update(vars(self), labels=sorted(self.labels))
        return told


class UniversalRun(RunConfig):
    """A run that any agent may take."""


class _Specific(RunConfig):
    def __init__(self, **kwargs: Any):
        super().__init__(kwargs.pop("env", None), kwargs.pop("labels", None))
        for name, default in self.fields.items():
            setattr(self, name, kwargs.pop(name, default))
        if kwargs:
            raise TypeError(
                f"{type(self).__name__} got an unexpected keyword argument {next(iter(kwargs))!r}; "
                f"it takes env, labels, {', '.join(self.fields)}"
            )


class LocalRun(_Specific):
    """A run in a process of a local agent; takes `working_dir`."""

    fields: ClassVar[dict[str, Any]] = {"working_dir": None}


class DockerRun(_Specific):
    """A run in a container; takes `image`, `ports` and `host_config`."""

    fields: ClassVar[dict[str, Any]] = {"image": None, "ports": None, "host_config": None}


class KubernetesRun(_Specific):
    """A run as a Kubernetes job; takes the arguments of Prefect 1.4.1."""

    fields: ClassVar[dict[str, Any]] = dict.fromkeys(
        "job_template_path job_template image cpu_limit cpu_request memory_limit memory_request "
        "service_account_name image_pull_secrets image_pull_policy".split()
    )


class ECSRun(_Specific):
    """A run as an ECS task; takes the arguments of Prefect 1.4.1."""

    fields: ClassVar[dict[str, Any]] = dict.fromkeys(
        "task_definition task_definition_path task_definition_arn image cpu memory task_role_arn "
        "execution_role_arn run_task_kwargs".split()
    )


class VertexRun(_Specific):
    """A run as a Vertex job; takes the arguments of Prefect 1.4.1."""

    fields: ClassVar[dict[str, Any]] = {
        "image": None,
        "machine_type": "e2-standard-4",
        "scheduling": None,
        "service_account": None,
        "network": None,
        "worker_pool_specs": None,
    }
