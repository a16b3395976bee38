"""The schemas of flows, tasks, parameters and edges: the JSON form of Prefect 1.4.1."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from marshmallow import ValidationError, fields, missing, post_load, pre_dump, utils

from prefect_results import triggers
from prefect_results.caching import validators
from prefect_results.core.edge import Edge
from prefect_results.core.flow import Flow
from prefect_results.core.parameter import Parameter
from prefect_results.core.schedule_schemas import ScheduleSchema
from prefect_results.core.schema_fields import (
    JSONCompatible,
    Nested,
    ObjectSchema,
    Seconds,
    SortedList,
    StatefulFunctionReference,
    to_qualified_name,
)
from prefect_results.core.task import Task

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_TRIGGERS: list[Callable[..., Any]] = [
    triggers.all_finished,
    triggers.manual_only,
    triggers.always_run,
    triggers.all_successful,
    triggers.all_failed,
    triggers.any_successful,
    triggers.any_failed,
    triggers.some_failed,
    triggers.some_successful,
]
_VALIDATORS: list[Callable[..., Any]] = [
    validators.never_use,
    validators.duration_only,
    validators.all_inputs,
    validators.all_parameters,
    validators.partial_inputs_only,
    validators.partial_parameters_only,
]


class TypeName(fields.Field):  # type: ignore[type-arg,unused-ignore]
    """The dotted name of an object's class; it is not used to load anything."""

    _CHECK_ATTRIBUTE = False

    def _serialize(self, value: Any, attr: Any, obj: Any, **kwargs: Any) -> str:
        return to_qualified_name(type(obj))


class TaskMethodsMixin:
    """What the schemas of all tasks share.

    A slug belongs to a task in a flow: the flow's schema leaves all of them in the context, where
    loading finds the tasks it has made already.
    """

    if TYPE_CHECKING:
        context: dict[str, Any]

    def get_attribute(self, obj: Any, attr: str, default: Any) -> Any:
        """An attribute of a task; indexing one, as marshmallow would, makes another task."""
        if not isinstance(obj, Task):
            return super().get_attribute(obj, attr, default)  # type: ignore[misc]
        if attr == "slug":
            return self.context.get("slugs", {}).get(obj, obj.slug)
        return getattr(obj, attr, default)

    def load_inputs(self, task: Any) -> Any:
        """The inputs of a task, types as text."""
        if not isinstance(task, Task):
            return self.get_attribute(task, "inputs", None)
        return {
            name: {"required": about["required"], "type": str(about["type"])}
            for name, about in task.inputs().items()
        }

    def load_outputs(self, task: Any) -> Any:
        """The type of a task's output, as text."""
        if not isinstance(task, Task):
            return self.get_attribute(task, "outputs", None)
        return str(task.outputs())

    @post_load
    def create_object(self, data: dict[str, Any], **kwargs: Any) -> Any:
        """Make a task, unless one with its slug was made already."""
        made = self.context.setdefault("task_cache", {})
        slug = data.get("slug")
        auto_generated = data.pop("auto_generated", False)
        if slug not in made:
            task = super().create_object(data, **kwargs)  # type: ignore[misc]
            if isinstance(task, Task):
                task.auto_generated = auto_generated
            made[slug] = task
        return made[slug]


class TaskSchema(TaskMethodsMixin, ObjectSchema):
    """A task. It is loaded as a plain ``Task``: nothing is imported because data names it."""

    class Meta:
        object_class = Task
        exclude_fields = ("type", "inputs", "outputs")

    type = TypeName()
    name = fields.String(allow_none=True)
    slug = fields.String(allow_none=True)
    tags = SortedList(fields.String())
    max_retries = fields.Integer(allow_none=True)
    retry_delay = Seconds(allow_none=True)
    inputs = fields.Method("load_inputs", allow_none=True)
    outputs = fields.Method("load_outputs", allow_none=True)
    timeout = fields.Integer(allow_none=True)
    trigger = StatefulFunctionReference(
        valid_functions=_TRIGGERS, reject_invalid=False, allow_none=True
    )
    skip_on_upstream_skip = fields.Boolean(allow_none=True)
    cache_for = Seconds(allow_none=True)
    cache_key = fields.String(allow_none=True)
    cache_validator = StatefulFunctionReference(
        valid_functions=_VALIDATORS, reject_invalid=False, allow_none=True
    )
    auto_generated = fields.Boolean(allow_none=True)


class ParameterSchema(TaskMethodsMixin, ObjectSchema):
    """A parameter."""

    class Meta:
        object_class = Parameter
        exclude_fields = ("type", "outputs", "slug")

    type = TypeName()
    name = fields.String(required=True)
    slug = fields.String(allow_none=True)
    default = JSONCompatible(allow_none=True)
    required = fields.Boolean(allow_none=True)
    tags = SortedList(fields.String())
    outputs = fields.Method("load_outputs", allow_none=True)


class EdgeSchema(ObjectSchema):
    """An edge; its tasks by their slugs."""

    class Meta:
        object_class = Edge

    upstream_task = Nested(TaskSchema, only=["slug"])
    downstream_task = Nested(TaskSchema, only=["slug"])
    key = fields.String(allow_none=True)
    mapped = fields.Boolean(allow_none=True)
    flattened = fields.Boolean(allow_none=True)


class Deployment(fields.Field):  # type: ignore[type-arg,unused-ignore]
    """A storage or run configuration: this library keeps them, and knows none of them.

    An object that can ``serialize()`` does; of another the name of the class is written. What is
    loaded stays as it was written.
    """

    def _serialize(self, value: Any, attr: Any, obj: Any, **kwargs: Any) -> Any:
        if value is None or isinstance(value, dict):
            return value
        serialize = getattr(value, "serialize", None)
        return serialize() if callable(serialize) else {"type": type(value).__name__}

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        return value


def _sorted_values(
    attribute: str, of_flow: Callable[[Flow], Any], key: Callable[[dict[Any, str], Any], Any]
) -> Callable[[Any, dict[str, Any]], Any]:
    def select(obj: Any, context: dict[str, Any]) -> Any:
        if not isinstance(obj, Flow):
            found = utils.get_value(obj, attribute)
            return found if found is missing else list(found)
        return sorted(of_flow(obj), key=lambda one: key(obj.slugs, one))

    return select


class FlowSchema(ObjectSchema):
    """A flow. What it holds as sets is written sorted, so that equal flows have equal hashes."""

    class Meta:
        object_class = Flow
        exclude_fields = ("type", "parameters", "project", "version", "description")

    project = fields.String(allow_none=True)
    name = fields.String(required=True, allow_none=True)
    version = fields.String(allow_none=True)
    description = fields.String(allow_none=True)
    type = TypeName()
    schedule = Nested(ScheduleSchema, allow_none=True)
    parameters = Nested(
        ParameterSchema,
        many=True,
        value_selection_fn=_sorted_values(
            "parameters", lambda flow: flow.parameters(), lambda slugs, task: slugs[task]
        ),
    )
    tasks = Nested(
        TaskSchema,
        many=True,
        value_selection_fn=_sorted_values(
            "tasks", lambda flow: flow.tasks, lambda slugs, task: slugs[task]
        ),
    )
    edges = Nested(
        EdgeSchema,
        many=True,
        value_selection_fn=_sorted_values(
            "edges",
            lambda flow: flow.edges,
            lambda slugs, e: (slugs[e.upstream_task], slugs[e.downstream_task], e.key or ""),
        ),
    )
    reference_tasks = Nested(
        TaskSchema,
        many=True,
        only=["slug"],
        value_selection_fn=_sorted_values(
            "reference_tasks", lambda flow: flow._reference_tasks, lambda slugs, task: slugs[task]
        ),
    )
    run_config = Deployment(allow_none=True)
    storage = Deployment(allow_none=True)

    @pre_dump
    def _share_slugs(self, obj: Any, **kwargs: Any) -> Any:
        if isinstance(obj, Flow):
            self.context["slugs"] = obj.slugs
        return obj

    def load(self, data: Any, create_object: bool = True, **kwargs: Any) -> Any:
        """Load a flow; see :meth:`ObjectSchema.load`."""
        # Edges name tasks by slug: the tasks have to be there whichever field comes first.
        self.context["task_cache"] = {}
        for name in ("parameters", "tasks"):
            if create_object and isinstance(data, dict) and isinstance(data.get(name), list):
                schema = self.fields[name].schema  # type: ignore[attr-defined]
                schema.context = self.context
                for one in data[name]:
                    try:
                        schema.load(one, many=False)
                    except ValidationError:
                        # Loading the whole says the same, with the path.
                        break
        return super().load(data, create_object=create_object, **kwargs)

    @post_load
    def create_object(self, data: dict[str, Any], **kwargs: Any) -> Any:
        """Make a flow; its tasks are plain ones, so the keys of edges are not checked."""
        return super().create_object({**data, "validate": False}, **kwargs)


def serialize_flow(flow: Flow, build: bool) -> dict[str, Any]:
    """Dump a flow; see :meth:`prefect_results.core.flow.Flow.serialize`."""
    flow.validate()
    if build:
        if not flow.storage:
            raise ValueError("This flow has no storage to build")
        if flow.name not in flow.storage:
            flow.storage.add_flow(flow)
        else:
            warnings.warn(
                "A flow with the same name is already contained in storage; if you changed your "
                "Flow since the last build, you might experience unexpected issues and should "
                "re-create your storage object.",
                stacklevel=3,
            )
        storage = flow.storage.build()
    else:
        storage = flow.storage
    serialized: dict[str, Any] = FlowSchema(exclude=["storage"]).dump(flow)
    serialized["storage"] = FlowSchema(only=["storage"]).dump({"storage": storage})["storage"]
    return serialized
