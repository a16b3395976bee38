"""One stored result, looked at without loading it.

What belongs here: finding it by location or by task run, and its facts. What does not: many of them
(`housekeeping`).
"""

from __future__ import annotations

import io
from binascii import a2b_base64
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, BinaryIO

import attrs
import click

from prefect_results.cli.kinds import HEAD, kind_of
from prefect_results.cli.options import Settings, is_uuid
from prefect_results.cli.places import open_object
from prefect_results.filesystems import FileSystem

if TYPE_CHECKING:
    from prefect_results.backend.access import RunAccess, TaskRunData


@attrs.frozen(kw_only=True)
class Stored:
    """A stored result.

    Attributes:
        location: Where it is; None if it is in its state.
        filesystem: Where that is; None if it is in its state.
        form: The wire form of its result; empty if no state is known that refers to it.
        run: The task run that made it, if it was found by that.
        access: Where that is recorded.
    """

    location: str | None
    filesystem: FileSystem | None
    form: Mapping[str, Any]
    run: TaskRunData | None = None
    access: RunAccess | None = None

    def open(self) -> BinaryIO:
        """Open its data for reading."""
        if self.filesystem is not None and self.location is not None:
            return self.filesystem.open_read(self.location)
        return io.BytesIO(_inline(self.form))

    def facts(self) -> dict[str, Any]:
        """Return what can be told about it without loading it."""
        size = modified = digest = None
        if self.filesystem is not None and self.location is not None:
            info = self.filesystem.stat(self.location)
            size, digest = info.size, info.digest
            if info.modified is not None:
                modified = datetime.fromtimestamp(info.modified, timezone.utc)
        with self.open() as file:
            head = file.read(HEAD)
        if self.filesystem is None:
            size = len(_inline(self.form))
        serializer = self.form.get("serializer") or {}
        return {
            "task_run_id": self.run.id if self.run else None,
            "result_type": self.form.get("type"),
            "location": self.location,
            "storage": repr(self.filesystem) if self.filesystem else "in the state",
            "size": size,
            "modified": modified,
            "kind": kind_of(head),
            "serializer": serializer.get("type"),
            "digest": self.form.get("digest") or digest,
        }

    def load(self) -> Any:
        """Return the value; a pickle runs what is in it."""
        if self.run is not None:
            from prefect_results.backend.views import TaskRunView

            return TaskRunView.from_task_run_id(self.run.id, source=self.access).get_result()
        from prefect_results.serializers import DetectSerializer

        with self.open() as file:
            return DetectSerializer().load(file)


def _inline(form: Mapping[str, Any]) -> bytes:
    import json

    value = form.get("value")
    if isinstance(value, Mapping) and value.get("encoding") == "base64":
        return a2b_base64(value["data"])
    if isinstance(value, Mapping) and value.get("encoding") == "json":
        value = value.get("data")
    return value.encode() if isinstance(value, str) else json.dumps(value).encode()


def find(
    settings: Settings, target: str, slug: str | None = None, map_index: int | None = None
) -> Stored:
    """Return the stored result of a location, or of a task run.

    Args:
        settings: The options of the command.
        target: A path or URL, the id of a task run, or, with a slug, of a flow run.
        slug: Slug of the task.
        map_index: Which child of a mapped task.

    Raises:
        RunLookupError: There is no such task run.
        ResultUnavailable: The task run has no result that was kept.
        click.ClickException: It is the run of a mapped task, which has no data of its own.
    """
    if slug is None and not is_uuid(target):
        if map_index is not None:
            raise click.UsageError("--map-index goes with FLOW_RUN_ID SLUG.")
        filesystem, name = open_object(target)
        return Stored(location=name, filesystem=filesystem, form={})
    return _of_run(settings, target, slug, map_index)


def _of_run(settings: Settings, id: str, slug: str | None, map_index: int | None) -> Stored:
    from prefect_results.backend.views import TaskRunView
    from prefect_results.backend.views.results import require_finished, require_result
    from prefect_results.cli import runs
    from prefect_results.results import PrefectResult
    from prefect_results.results.stored import StoredResult

    access = settings.access()
    run = runs.task_run(access, id, slug, map_index)
    view = TaskRunView.from_task_run_id(run.id, source=access)
    require_finished(view)
    if view.state.is_mapped():
        raise click.ClickException(
            f"{run.task_slug} is a mapped task: the data is that of its children, named by "
            f"{run.flow_run_id} {run.task_slug} --map-index N."
        )
    result = require_result(view)
    form = (run.serialized_state or {}).get("_result") or {}
    if isinstance(result, StoredResult) and result.location is not None:
        return Stored(
            location=result.location,
            filesystem=result.filesystem,
            form=form,
            run=run,
            access=access,
        )
    if isinstance(result, PrefectResult):
        form = {**form, "value": result.location}
    elif result.location is not None:
        raise click.ClickException(
            f"A {type(result).__name__} at {result.location!r} cannot be looked at without "
            "loading it; `task-run result` does that."
        )
    return Stored(location=None, filesystem=None, form=form, run=run, access=access)
