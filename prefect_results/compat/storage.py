"""Storage of legacy flow files: where a legacy agent would fetch the flow's code from.

Nothing in this library fetches code. The descriptions are kept so that a flow file that carries
one runs unmodified, and so that it is still there when the flow is serialized.
"""

from __future__ import annotations

from typing import Any, ClassVar

from prefect_results.version import LEGACY_VERSION

_COMMON = {"result": None, "secrets": None, "labels": None, "add_default_labels": None}


class Storage:
    """Base of all storage.

    Args:
        *args: the fields of the class, in the order of Prefect 1.4.1.
        **kwargs: its fields by name, and `result` (of a flow without one), `secrets`, `labels`,
            `add_default_labels`, `stored_as_script`.
    """

    #: What a class takes, with defaults, in positional order.
    fields: ClassVar[dict[str, Any]] = {}

    def __init__(self, *args: Any, **kwargs: Any):
        given = dict(zip(self.fields or _COMMON, args, strict=False))
        given.update(kwargs)
        known = {"stored_as_script": False, **_COMMON, **self.fields}
        unknown = [name for name in given if name not in known]
        if unknown or len(args) > len(self.fields or _COMMON):
            raise TypeError(
                f"{type(self).__name__} takes {', '.join(known)}; it got {unknown or args!r}"
            )
        values = {**known, **given}
        self._labels = list(values.pop("labels") or [])
        values["secrets"] = values["secrets"] or []
        for name, value in values.items():
            setattr(self, name, value)
        self.flows: dict[str, str] = {}
        self._flows: dict[str, Any] = {}

    @property
    def labels(self) -> list[str]:
        """Labels that an agent must have to read from here."""
        return self._labels

    @property
    def name(self) -> str | None:
        """Name of the storage; None, unless it is an image."""
        return None

    def add_flow(self, flow: Any) -> str:
        """Keeps a flow in this object, in memory only.

        Returns:
            The name under which `get_flow` finds it.

        Raises:
            ValueError: a flow with that name is here already.
        """
        if flow.name in self:
            raise ValueError(
                f'Name conflict: Flow with the name "{flow.name}" is already present in this '
                "storage."
            )
        self.flows[flow.name] = flow.name
        self._flows[flow.name] = flow
        return str(flow.name)

    def get_flow(self, flow_name: str) -> Any:
        """The flow that was added under a name; raises ValueError if none was."""
        if flow_name not in self._flows:
            raise ValueError("Flow is not contained in this Storage")
        return self._flows[flow_name]

    def build(self) -> Storage:
        """Returns the storage itself: there is nothing to build here."""
        return self

    def serialize(self) -> dict[str, Any]:
        """A JSON-compatible description, with the fields that Prefect 1.4.1 writes."""
        told = {name: getattr(self, name) for name in self.fields}
        told.update(flows=self.flows, secrets=self.secrets)  # type: ignore[attr-defined]
        return {**told, "type": type(self).__name__, "__version__": LEGACY_VERSION}

    def __contains__(self, item: object) -> bool:
        return item in self.flows

    def __repr__(self) -> str:
        return f"<Storage: {type(self).__name__}>"


def _none(names: str, **defaults: Any) -> dict[str, Any]:
    return {**dict.fromkeys(names.split()), **defaults}


class Local(Storage):
    """A folder of the agent's machine."""

    fields: ClassVar[dict[str, Any]] = {
        "directory": None, "validate": True, "path": None, "stored_as_script": False
    }  # fmt: skip


class Module(Storage):
    """An importable module."""

    fields: ClassVar[dict[str, Any]] = _none("module")


class Azure(Storage):
    """A container of Azure Blob Storage."""

    fields: ClassVar[dict[str, Any]] = _none(
        "container connection_string_secret blob_name", overwrite=False, stored_as_script=False
    )


class Bitbucket(Storage):
    """A file in a Bitbucket repository."""

    fields: ClassVar[dict[str, Any]] = _none(
        "project repo workspace host path ref access_token_secret cloud_username_secret "
        "cloud_app_password_secret"
    )


class CodeCommit(Storage):
    """A file in a CodeCommit repository."""

    fields: ClassVar[dict[str, Any]] = _none("repo path commit client_options")


class Docker(Storage):
    """A Docker image."""

    fields: ClassVar[dict[str, Any]] = _none(
        "registry_url base_image dockerfile dockerignore python_dependencies image_name image_tag "
        "env_vars files prefect_version local_image ignore_healthchecks base_url tls_config "
        "build_kwargs prefect_directory path stored_as_script extra_dockerfile_commands",
        local_image=False, ignore_healthchecks=False, tls_config=False,
        prefect_directory="/opt/prefect", stored_as_script=False,
    )  # fmt: skip

    @property
    def name(self) -> str | None:
        """Registry, image and tag, or None before they are set."""
        parts = [getattr(self, n) for n in ("registry_url", "image_name", "image_tag")]
        if not parts[1] or not parts[2]:
            return None
        image = f"{parts[1]}:{parts[2]}"
        return f"{parts[0]}/{image}" if parts[0] else image


class GCS(Storage):
    """An object of Google Cloud Storage."""

    fields: ClassVar[dict[str, Any]] = _none(
        "bucket key project stored_as_script local_script_path", stored_as_script=False
    )


class Git(Storage):
    """A file in any git repository."""

    fields: ClassVar[dict[str, Any]] = _none(
        "flow_path repo repo_host flow_name git_token_secret_name git_token_username "
        "git_clone_url_secret_name branch_name tag commit clone_depth use_ssh format_access_token",
        repo_host="github.com", clone_depth=1, use_ssh=False, format_access_token=True,
    )  # fmt: skip


class GitHub(Storage):
    """A file in a GitHub repository."""

    fields: ClassVar[dict[str, Any]] = _none("repo path ref access_token_secret base_url")


class GitLab(Storage):
    """A file in a GitLab repository."""

    fields: ClassVar[dict[str, Any]] = _none("repo host path ref access_token_secret")


class S3(Storage):
    """An object of S3."""

    fields: ClassVar[dict[str, Any]] = _none(
        "bucket key stored_as_script local_script_path client_options upload_options",
        stored_as_script=False,
    )


class Webhook(Storage):
    """Whatever answers two HTTP requests."""

    fields: ClassVar[dict[str, Any]] = _none(
        "build_request_kwargs build_request_http_method get_flow_request_kwargs "
        "get_flow_request_http_method stored_as_script flow_script_path",
        stored_as_script=False,
    )


def get_default_storage_class() -> type[Storage]:
    """The class of storage of a flow that names none."""
    return Local
