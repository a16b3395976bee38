"""The JSON form of states: which class has which fields, declared once.

The schemas are made from the classes, so that what a state is (a `TimedOut` is a `Failed`) is said
by the classes alone. Not here: the JSON form of results, and older forms (module `legacy`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, ValidationError

from prefect_results import states
from prefect_results.context import context as ambient
from prefect_results.states import State
from prefect_results.wire import legacy
from prefect_results.wire.family import OneOfSchema
from prefect_results.wire.fields import (
    Instant,
    JSONCompatible,
    Keyed,
    Text,
    Whole,
)
from prefect_results.wire.links import Link
from prefect_results.wire.ordinary import QuickLoad, Unusual, known
from prefect_results.wire.results import ResultSchema
from prefect_results.wire.schema import ObjectSchema, make_schema

# Of a mapped task; each costs memory when it is loaded.
MOST_CHILDREN = 1_000_000
# States wrap one other state, older ones a few.
DEEPEST = 10


@known
class WrappedState(Link):
    """The state that a meta state wraps; wrappers of wrappers end somewhere."""

    def __init__(self, **options: Any) -> None:
        super().__init__(lambda: StateSchema, **options)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        if _depth(value) > DEEPEST:
            raise ValidationError(f"States are nested deeper than {DEEPEST}.")
        return super()._deserialize(value, *args, **kwargs)

    def quick_load(self) -> QuickLoad | None:
        """Returns what loads the wrapped state."""
        quick = super().quick_load()
        if quick is None:
            return None

        def load(value: Any) -> Any:
            if _depth(value) > DEEPEST:
                raise Unusual
            return quick(value)

        return load


def _depth(value: Any) -> int:
    depth = 0
    while isinstance(value, Mapping) and depth <= DEEPEST:
        value = value.get("state")
        depth += 1
    return depth


class StateFields(ObjectSchema):
    """What the JSON forms of all states have in common."""

    quick = True

    class Meta:
        object_class = State

    message = Text(allow_none=True, metadata={"description": "What a person is told."})
    context = Keyed(
        JSONCompatible(allow_none=True),
        allow_none=True,
        metadata={"description": "Facts about the run."},
    )
    _result = Link(ResultSchema, metadata={"description": "The result of the run."})
    cached_inputs = Keyed(
        Link(ResultSchema),
        allow_none=True,
        metadata={"description": "The inputs of a task that will run again, by name."},
    )

    @classmethod
    def build(cls, values: dict[str, Any]) -> Any:
        """Returns a state that has what the form says, and nothing of the run around it."""
        if "_result" in values:
            values["result"] = values.pop("_result")
        outside = ambient.swap({})
        try:
            return cls.opts.object_class(**values)
        finally:
            ambient.swap(outside)


class _MappedFields(StateFields):
    """A mapped state is the states of its children, which are recorded for themselves."""

    class Meta:
        exclude = ("_result",)

    @classmethod
    def build(cls, values: dict[str, Any]) -> Any:
        """Returns a state with as many children as the form says, whose states are not known."""
        count = values.get("n_map_states")
        values["map_states"] = [None] * (count or 0)
        return super().build(values)


def _start_time() -> Instant:
    return Instant(allow_none=True, metadata={"description": "When to start, ISO 8601."})


# The fields that a class adds to those of its parents.
OWN_FIELDS: dict[type[State], dict[str, Any]] = {
    states.Scheduled: {"start_time": _start_time()},
    states.Retrying: {
        "run_count": Whole(allow_none=True, metadata={"description": "Tries so far."}),
    },
    states._MetaState: {
        "state": WrappedState(allow_none=True, metadata={"description": "The wrapped state."}),
    },
    states.Queued: {"start_time": _start_time()},
    states.Looped: {
        "loop_count": Whole(metadata={"description": "Number of the turn that ended."}),
    },
    states.Cached: {
        "cached_parameters": JSONCompatible(
            allow_none=True, metadata={"description": "The flow's parameters at that time."}
        ),
        "cached_result_expiration": Instant(
            allow_none=True, metadata={"description": "When the value expires, ISO 8601."}
        ),
        "hashed_inputs": Keyed(
            Text(), allow_none=True, metadata={"description": "A hash of each input, by name."}
        ),
    },
    states.Mapped: {
        "n_map_states": Whole(
            MOST_CHILDREN, metadata={"description": "How many children there are."}
        ),
    },
}

_schemas: dict[type[State], type[Schema]] = {State: StateFields}


def schema_of(kind: type[State]) -> type[Schema]:
    """Returns the schema of a state class, made from those of its parents on first use."""
    schema = _schemas.get(kind)
    if schema is None:
        bases = tuple(schema_of(base) for base in kind.__bases__ if issubclass(base, State))
        if kind is states.Mapped:
            bases = (_MappedFields, *bases)
        inherited = {"exclude": bases[0].opts.exclude}
        body = {
            **OWN_FIELDS.get(kind, {}),
            "Meta": type("Meta", (), {"object_class": kind, "register": False, **inherited}),
            "__module__": __name__,
            "__doc__": f"The JSON form of `{kind.__name__}`.",
            "quick": True,
        }
        schema = _schemas[kind] = make_schema(f"{kind.__name__}Schema", bases, body)
    return schema


def own_kinds() -> list[type[State]]:
    """Returns the state classes of this library; a user's own are registered."""
    named = (getattr(states, name) for name in states.__all__ if name[0] != "_")
    return [one for one in named if isinstance(one, type) and one is not State]


class StateSchema(OneOfSchema):
    """The JSON form of every state.

    Dumping serializes the results on the way, and leaves the state as it is; loading fetches
    nothing. It is a superset of the form of Prefect 1.4.1, and reads those of 0.5 to 1.4.
    """

    quick = True

    type_schemas = {kind.__name__: schema_of(kind) for kind in own_kinds()}

    def get_obj_type(self, obj: Any) -> str | None:
        """Returns the name of a state's class, None for anything else."""
        return type(obj).__name__ if isinstance(obj, State) else None

    @classmethod
    def upgraded(cls, data: Any) -> Any:
        """Returns a form of Prefect 0.5 to 1.4 in today's shape."""
        return legacy.upgrade_state(data)


def register_state_type(kind: type[State], **fields: Any) -> type[State]:
    """Lets a state class of the user's own travel under its name; usable as a decorator.

    Args:
        kind: the class; its constructor takes its parents' arguments and the fields.
        **fields: marshmallow fields of the attributes that it adds.

    Returns:
        The class.

    Raises:
        ValueError: if the name is taken by another class.
    """
    known = StateSchema.type_schemas.get(kind.__name__)
    taken = None if known is None else known.opts.object_class
    if taken not in (None, kind) and (taken.__module__, taken.__qualname__) != (
        kind.__module__,
        kind.__qualname__,
    ):
        raise ValueError(f"A state named {kind.__name__!r} is registered already: {taken!r}")
    OWN_FIELDS[kind] = fields
    StateSchema.type_schemas[kind.__name__] = schema_of(kind)
    return kind
