"""The base `State`: what every state of a run carries and can be asked.

Not here: the kinds of state (modules `pending`, `running`, `finished`, `meta`), nor the JSON
form of a state, which the registered codec writes and reads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from prefect_results.context import context as ambient
from prefect_results.results import NoResult, Result
from prefect_results.results.equality import same_value
from prefect_results.states.codec import codec

if TYPE_CHECKING:
    from collections.abc import Mapping

S = TypeVar("S", bound="State")


class State:
    """What a flow run or a task run has come to; the base of all states.

    Each `is_*()` method answers for all subclasses too: a `TriggerFailed` state is failed, a
    `Retrying` state is scheduled and pending. Names, attributes and the order of arguments are
    those of Prefect 1.4.1; there is no `_metadata` (PIN-4).

    Args:
        message: what a person is told about the state, or the exception that caused it.
        result: the value of the run. A `Result` is kept as it is, any other value is wrapped
            in one; None (the default) means that there is no result yet (`NoResult`).
        context: facts about the run, JSON-compatible; `tags` is added from the ambient
            context's `task_tags`, where those are set.
        cached_inputs: the inputs of a task that will run again, `Result` by name.
    """

    color = "#696969"

    message: Any
    context: dict[str, Any]
    cached_inputs: dict[str, Result]
    _result: Result

    def __init__(
        self,
        message: Any = None,
        result: Any = None,
        context: dict[str, Any] | None = None,
        cached_inputs: dict[str, Result] | None = None,
    ) -> None:
        self.message = message
        if result is None:
            self._result = NoResult
        elif result.__class__ is Result:
            self._result = result
        elif isinstance(result, Result):
            self._result = result._seal()
        else:
            self._result = Result(result)
        data = ambient.current()
        if "task_tags" in data and not (context and "tags" in context):
            # A new dict: the caller's own may be shared with other states.
            tags = list(data["task_tags"])
            context = {**context, "tags": tags} if context else {"tags": tags}
        self.context = context or {}
        self.cached_inputs = cached_inputs or {}

    @property
    def result(self) -> Any:
        """The value of the result, None while it is serialized; setting it wraps other values.

        A state that arrived from elsewhere has its value once `load_result` was called.
        """
        held = self._result
        if getattr(held, "serialized", False):
            return None
        return getattr(held, "value", held)

    @result.setter
    def result(self, value: Any) -> None:
        if isinstance(value, Result):
            value._seal()
            self._result = value
        else:
            self._result = Result(value)

    def load_result(self: S, result: Result | None = None) -> S:
        """Fetches the value of the result from where it is stored, in place.

        A result whose value is here already is left alone. A mapped state loads the results
        of its children, and their values become its own.

        Args:
            result: reads the location, with its own settings, instead of the state's result.

        Returns:
            This state, with its result loaded.
        """
        self._result = _loaded(self._result, result)
        return self

    def load_cached_results(self: S, results: Mapping[str, Result | None] | None = None) -> S:
        """Fetches the values of the cached inputs from where they are stored, in place.

        Args:
            results: for some or all of the inputs, the result that reads instead of the
                input's own; its location serves where the input knows none.

        Returns:
            This state, with its cached inputs loaded.
        """
        readers = results or {}
        self.cached_inputs = {
            key: _loaded(cached, readers.get(key), borrow_location=True)
            for key, cached in self.cached_inputs.items()
        }
        return self

    @classmethod
    def children(cls, include_self: bool = False, names_only: bool = False) -> list[Any]:
        """Lists the states derived from this class, private ones (`_Name`) left out.

        Args:
            include_self: whether this class is the last of the list.
            names_only: whether to return names instead of classes.

        Returns:
            Classes or names, each followed by its own children.
        """
        found: list[type[State]] = []
        for child in cls.__subclasses__():
            if not child.__name__.startswith("_"):
                found.append(child)
            found += child.children()
        if include_self:
            found.append(cls)
        return [kind.__name__ for kind in found] if names_only else found

    @classmethod
    def parents(cls, include_self: bool = False, names_only: bool = False) -> list[Any]:
        """Lists the states that this class derives from, nearest first, private ones left out.

        Args:
            include_self: whether this class is the last of the list.
            names_only: whether to return names instead of classes.

        Returns:
            Classes or names.
        """
        found: list[type[Any]] = [
            kind for kind in cls.__mro__[1:-1] if not kind.__name__.startswith("_")
        ]
        if include_self:
            found.append(cls)
        return [kind.__name__ for kind in found] if names_only else found

    # Each kind of state overrides the questions that it answers with yes.

    def is_pending(self) -> bool:
        """Tells whether the run has not started: `Pending` and its kinds."""
        return False

    def is_queued(self) -> bool:
        """Tells whether the run waits for room to start: `Queued`."""
        return False

    def is_retrying(self) -> bool:
        """Tells whether the run failed and will be tried again: `Retrying`."""
        return False

    def is_running(self) -> bool:
        """Tells whether the run is under way: `Running` and its kinds."""
        return False

    def is_cached(self) -> bool:
        """Tells whether the result came from, or is kept for, a cache: `Cached`."""
        return False

    def is_finished(self) -> bool:
        """Tells whether the run has ended, well or badly: `Finished` and its kinds."""
        return False

    def is_looped(self) -> bool:
        """Tells whether one turn of a loop ended and another follows: `Looped`."""
        return False

    def is_scheduled(self) -> bool:
        """Tells whether the run has a time to start: `Scheduled`, its kinds, and `Queued`."""
        return False

    def is_submitted(self) -> bool:
        """Tells whether the run was handed to an executor: `Submitted`."""
        return False

    def is_skipped(self) -> bool:
        """Tells whether the task was passed over, which is a success: `Skipped`."""
        return False

    def is_successful(self) -> bool:
        """Tells whether the run ended well: `Success` and its kinds."""
        return False

    def is_failed(self) -> bool:
        """Tells whether the run ended badly: `Failed` and its kinds."""
        return False

    def is_mapped(self) -> bool:
        """Tells whether the task was mapped over its inputs: `Mapped`."""
        return False

    def is_meta_state(self) -> bool:
        """Tells whether the state wraps another: `Submitted`, `Queued`, `ClientFailed`."""
        return False

    def serialize(self) -> dict[str, Any]:
        """Returns the state as JSON-compatible data; its results are serialized on the way.

        The state itself stays as it is.

        Raises:
            marshmallow.ValidationError: if a field holds what JSON cannot.
        """
        return codec().dump(self)

    @staticmethod
    def deserialize(json_blob: dict[str, Any]) -> State:
        """Returns the state that `json_blob` describes; no stored value is fetched.

        Args:
            json_blob: what `serialize` returned, here or in Prefect 0.5 to 1.4.

        Raises:
            marshmallow.ValidationError: if the data is malformed, with the path to the field.
        """
        return codec().load(json_blob)

    def __repr__(self) -> str:
        name = type(self).__name__
        if self.message is None:
            return f"<{name}>"
        try:
            return f'<{name}: "{self.message}">'
        except Exception:
            return f'<{name}: "{type(self.message).__name__} that cannot be shown">'

    def __eq__(self, other: object) -> bool:
        """Tells whether type, value and data are equal; message and context do not count."""
        if type(self) is not type(other):
            return False
        if self is other:
            return True
        if not same_value(self._result.value, other._result.value):
            return False
        theirs = other.__dict__
        return all(
            key in theirs and same_value(mine, theirs[key])
            for key, mine in self.__dict__.items()
            if key[0] != "_" and key != "message" and key != "context"
        )

    def __hash__(self) -> int:
        return id(self)

    def __getstate__(self) -> dict[str, Any]:
        value = self.result
        # A signal holds its state, whose result is the signal: it knows how to be pickled.
        if isinstance(value, Exception) and not isinstance(getattr(value, "state", None), State):
            problem = _pickling_problem(value)
            if problem is not None:
                text = f"The following exception could not be pickled due to {problem!r}: {value!r}"
                return {**self.__dict__, "_result": self._result.from_value(text)}
        return self.__dict__

    def __sizeof__(self) -> int:
        from prefect_results.states.sizes import size_of

        held = size_of(self._result.value)
        if self.cached_inputs:
            held += sum(size_of(result.value) for result in self.cached_inputs.values())
        return object.__sizeof__(self) + held


def _loaded(held: Result, reader: Result | None, borrow_location: bool = False) -> Result:
    """Returns `held` with its value: taken from its inline form, or read from its location."""
    if held.serialized and (held.value is not None or held.location is None):
        return held.deserialize()
    location = held.location
    if location is None and borrow_location:
        location = getattr(reader, "location", None)
    if held.value is not None or location is None:
        return held
    return (held if reader is None else reader).read(location)


def _pickling_problem(value: Exception) -> Exception | None:
    """Returns what goes wrong when `value` is pickled, or None."""
    import cloudpickle

    try:
        cloudpickle.dumps(value)
    except Exception as exc:
        return exc
    return None
