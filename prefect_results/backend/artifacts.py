"""What a task run shows beside its result: links and Markdown.

What belongs here: the functions of `prefect.backend.artifacts` in Prefect 1.4.1. In a run that is
not recorded they do nothing.
"""

from __future__ import annotations

from prefect_results.backend.access import RunAccess, open_access
from prefect_results.context import context


def _recorded() -> RunAccess | None:
    """Where the current run is recorded, or None."""
    return open_access() if context.get("running_with_backend") else None


def _create(kind: str, data: dict[str, str]) -> str | None:
    access = _recorded()
    if access is None:
        return None
    return access.create_artifact(context["task_run_id"], kind, data)


def _update(artifact_id: str, data: dict[str, str]) -> None:
    access = _recorded()
    if access is not None:
        access.update_artifact(artifact_id, data)


def create_link_artifact(link: str) -> str | None:
    """Show a link beside the current task run.

    Args:
        link: The link.

    Returns:
        The id of the artifact; None if the run is not recorded.
    """
    return _create("link", {"link": link})


def update_link_artifact(task_run_artifact_id: str, link: str) -> None:
    """Show another link in the place of one.

    Args:
        task_run_artifact_id: What `create_link_artifact` returned.
        link: The link.
    """
    _update(task_run_artifact_id, {"link": link})


def create_markdown_artifact(markdown: str) -> str | None:
    """Show Markdown beside the current task run.

    Args:
        markdown: The text.

    Returns:
        The id of the artifact; None if the run is not recorded.
    """
    return _create("markdown", {"markdown": markdown})


def update_markdown_artifact(task_run_artifact_id: str, markdown: str) -> None:
    """Show another text in the place of one.

    Args:
        task_run_artifact_id: What `create_markdown_artifact` returned.
        markdown: The text.
    """
    _update(task_run_artifact_id, {"markdown": markdown})


def delete_artifact(task_run_artifact_id: str) -> None:
    """Show something no more.

    Args:
        task_run_artifact_id: What created it returned.
    """
    access = _recorded()
    if access is not None:
        access.delete_artifact(task_run_artifact_id)
