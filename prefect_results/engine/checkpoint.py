"""The one step that writes results: a successful run's value goes where its Result says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prefect_results.configuration import config
from prefect_results.context import context as ambient
from prefect_results.engine.inputs import named_values, template_values
from prefect_results.results import (
    ConstantResult,
    PrefectResult,
    Result,
    ResultNotImplementedError,
    SecretResult,
    StoredResult,
)
from prefect_results.results.location import fill

if TYPE_CHECKING:
    from collections.abc import Mapping

    from prefect_results.core import Task
    from prefect_results.results.writing import UnfinishedWrite

# What these keep travels with the state, so nothing is lost when they write nothing.
_INLINE = (ConstantResult, PrefectResult, SecretResult)


def checkpoint(value: Any, template: Result, task: Task, inputs: Mapping[str, Any]) -> Result:
    """Return the Result of a value; written, when the run checkpoints.

    Written are values other than `None`, unless checkpointing is off for all
    (`flows.checkpointing`, `context.checkpointing`) or for the task (`checkpoint=False`), or the
    template has nowhere to write to (the base `Result`).

    Args:
        value: what `task.run` returned.
        template: the task's (or the flow's) result: where and how to write.
        task: the task.
        inputs: the values of the run's inputs, for the location's template.

    Returns:
        A Result with the value and, when written, its location.
    """
    if value is None or not can_write(template):
        return template.from_value(value)
    if not is_written(task):
        return unwritten(value, template, inputs)
    try:
        return template.write(value, **template_values(inputs))
    except ResultNotImplementedError:
        return template.from_value(value)


def unwritten(value: Any, template: Result, inputs: Mapping[str, Any]) -> Result:
    """Return the Result of a value that is not written now, and may be when its state is dumped.

    Args:
        value: what `task.run` returned.
        template: the task's (or the flow's) result, which `can_write`.
        inputs: the values of the run's inputs, for the location's template.
    """
    if value is None:
        return template.from_value(value)
    if template.location is None:
        return _called(value, template, inputs)
    return template.planned(value, named_values(template.location, inputs))


def _called(value: Any, template: Result, inputs: Mapping[str, Any]) -> Result:
    """What `unwritten` returns for a callable: it may look at anything, so it is called at once."""
    make = template._formatter
    if make is not None:
        try:
            location = fill(make, template_values(inputs))
        except Exception:
            # It is no fault of a run that writes nothing; whoever dumps its state is told.
            pass
        else:
            escaped = location.replace("{", "{{").replace("}", "}}")
            template = template.with_location(escaped)
            return template.planned(value, {})
    return template.from_value(value)


def begin_checkpoint(
    value: Any, template: Result, inputs: Mapping[str, Any]
) -> UnfinishedWrite[Any] | None:
    """Serialize a value that is to be stored behind the run.

    Args:
        value: what `task.run` returned.
        template: the task's (or the flow's) result, which `can_write`.
        inputs: the values of the run's inputs, for the location's template.

    Returns:
        What stores it; None if its type only writes in one step, or there is nothing to write.
    """
    if value is None or not isinstance(template, StoredResult):
        return None
    # A user's own `write` may do anything, so it is called as a whole.
    if type(template).write is not StoredResult.write:
        return None
    return template.begin_write(value, **template_values(inputs))


def is_written(task: Task) -> bool:
    """Whether the run checkpoints the values of a task."""
    return ambient.get("checkpointing") is True and task.checkpoint is not False


def can_write(template: Result) -> bool:
    """Whether a result of this type has somewhere to write to."""
    return type(template).write is not Result.write


def configured(context: Mapping[str, Any]) -> Any:
    """The switch of the run's configuration, or of the global one."""
    try:
        return context["config"]["flows"]["checkpointing"]
    except KeyError:
        return config.flows.checkpointing


def why_not(template: Result, task: Task) -> str | None:
    """Why a value that somebody asked to keep is not written, or `None` if it is, or nobody did."""
    if task.checkpoint is False:
        return None if task.target is None else "the task has checkpoint=False"
    asked = task.target is not None or task.checkpoint is True or can_write(template)
    if not asked or isinstance(template, _INLINE):
        return None
    if ambient.get("checkpointing", configured(ambient)) is not True:
        return (
            "checkpointing is off: set PREFECT__FLOWS__CHECKPOINTING=true, or checkpointing under "
            "[flows] in the configuration file"
        )
    if not can_write(template):
        return "neither the task nor the flow has a result= that says where to"
    return None
