"""The states of consecutive mapped children, kept small.

Not here: all children of a task (see `child_states`), batches that are still computed (see
`future_batches`), how one is run (see `batch_calls`).
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any, overload

from prefect_results.engine.execution import SUCCESS_MESSAGE
from prefect_results.results import NoResult, Result, StoredResult
from prefect_results.results.location import Planned
from prefect_results.states import State, Success
from prefect_results.states.sizes import size_of

_TAGS = {"tags"}


class Batch(Sequence[State]):
    """The states of consecutive children, kept small: of an ordinary one only the value.

    Ordinary are successes without anything to say beyond their value and where that lies.

    Args:
        tags: the tags of the task, which are in the context of each state.

    Attributes:
        values: the value of each ordinary child; `None` where `others` has the child.
        locations: where the values lie that were written, by position.
        known: the size and digest of what lies there, as far as they are known.
        away: positions of the values that are only where they were written, with their sizes.
        others: the states of the other children by position.
        template: the Result of an ordinary child, without its value and location.
        seconds: how long the batch took.
    """

    __slots__ = (
        "_made",
        "away",
        "known",
        "locations",
        "others",
        "plans",
        "seconds",
        "tags",
        "template",
        "values",
    )

    def __init__(self, tags: Sequence[str] = ()) -> None:
        self.values: list[Any] = []
        self.locations: dict[int, str] = {}
        self.known: dict[int, tuple[int | None, str | None]] = {}
        self.away: dict[int, int] = {}
        self.plans: dict[int, Planned] = {}
        self.others: dict[int, State] = {}
        self.tags = list(tags)
        self.template: Result | None = None
        self.seconds = 0.0
        self._made: dict[int, State] = {}

    def add_value(self, value: Any) -> None:
        """Append an ordinary child whose value is written nowhere."""
        self.values.append(value)

    def add(self, state: State) -> None:
        """Append the state of the next child."""
        position = len(self.values)
        result = state._result
        if not (
            type(state) is Success
            and state.message == SUCCESS_MESSAGE
            and not state.cached_inputs
            and state.context.keys() <= _TAGS
            and self._is_of_template(result)
        ):
            self.others[position] = state
            self.values.append(None)
            return
        if result.location is not None:
            self.locations[position] = result.location
            if isinstance(result._stored, tuple):
                self.known[position] = result._stored
        elif isinstance(result._formatter, Planned):
            self.plans[position] = result._formatter
        if result.serialized:
            self.away[position] = 0
        self.values.append(result.value)

    def _is_of_template(self, result: Result) -> bool:
        if result is NoResult or (result.serialized and result.location is None):
            return False
        template = self.template
        if template is None:
            if type(result) is not Result and not isinstance(result, StoredResult):
                return False
            if result._draft is None:
                return False
            plain = result.from_value(None)
            planned = isinstance(result._formatter, Planned)
            self.template = plain._replace(_formatter=None) if planned else plain
            return True
        return (
            type(result) is type(template)
            and result.serializer is template.serializer
            and (result._formatter is template._formatter or isinstance(result._formatter, Planned))
            and all(getattr(result, name) == getattr(template, name) for name in result._extras)
            and (result.location is None) == (not result._stored)
        )

    def send_away(self, limit: int) -> None:
        """Leave large values that were written where they are.

        Args:
            limit: up to which size, in bytes, values stay here.
        """
        for position in self.locations:
            if position not in self.away:
                size = size_of(self.values[position])
                if size > limit:
                    self.values[position] = None
                    self.away[position] = size
                    self._made.pop(position, None)

    def loaded(self) -> Batch:
        """A batch with the values that are only where they were written; this one stays as it is.

        Raises:
            StorageError, DeserializationError: if one cannot be read.
        """
        template = self.template
        others_are_here = not any(state._result.serialized for state in self.others.values())
        if others_are_here and not self.away:
            return self
        new = Batch(self.tags)
        new.values, new.locations, new.template = list(self.values), self.locations, template
        new.known, new.plans = self.known, self.plans
        for position in self.away:
            new.values[position] = self._result(position).deserialize().value
        new.others = {
            position: copy.copy(state).load_result() if state._result.serialized else state
            for position, state in self.others.items()
        }
        return new

    def all_values(self) -> list[Any]:
        """The value of each child; of one whose value is away, None."""
        if not self.others:
            return list(self.values)
        values = list(self.values)
        for position, state in self.others.items():
            values[position] = state.result
        return values

    def representatives(self) -> list[State]:
        """The states that are not ordinary, and one for all that are."""
        found = list(self.others.values())
        if len(found) < len(self.values):
            found.append(Success(SUCCESS_MESSAGE))
        return found

    def plain_values(self) -> list[Any] | None:
        """The value of each child, if all are ordinary and here; else None."""
        return None if self.others or self.away else self.values

    def __len__(self) -> int:
        return len(self.values)

    @overload
    def __getitem__(self, index: int) -> State: ...

    @overload
    def __getitem__(self, index: slice) -> list[State]: ...

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self[position] for position in range(*index.indices(len(self)))]
        index = range(len(self))[index]
        state = self.others.get(index) or self._made.get(index)
        if state is None:
            # Asked for again it is the same state, as in a list.
            state = self._made[index] = self._state(index)
        return state

    def _state(self, position: int) -> State:
        state = Success(SUCCESS_MESSAGE)
        state._result = self._result(position)
        state.context = {"tags": list(self.tags)}
        return state

    def _result(self, position: int) -> Result:
        template = self.template
        value, location = self.values[position], self.locations.get(position)
        if template is None:
            return Result(value)
        if location is None:
            plan = self.plans.get(position)
            made = template.from_value(value)
            return made if plan is None else made._replace(_formatter=plan)
        return template._replace(
            value=value,
            location=location,
            serialized=position in self.away,
            _stored=self.known.get(position, True),
        )

    def __getstate__(self) -> tuple[Any, ...]:
        # A state that somebody asked for may have been changed since.
        for position, state in self._made.items():
            self._keep(position, state)
        away = self.away or None
        return (
            self.values,
            self.locations or None,
            self.known or None,
            away,
            self.plans or None,
            self.others or None,
            self.tags,
            self.template,
            self.seconds,
        )

    def _keep(self, position: int, state: State) -> None:
        made = self._state(position)
        if (
            state != made
            or state.message != made.message
            or state.context != made.context
            or state._result.location != made._result.location
            or state._result._stored != made._result._stored
        ):
            self.others[position] = state
            self.values[position] = None
            self.locations.pop(position, None)
            self.known.pop(position, None)
            self.away.pop(position, None)
            self.plans.pop(position, None)

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.values, locations, known, away, plans, others, *rest = state
        self.tags, self.template, self.seconds = rest
        self.locations = locations or {}
        self.known = known or {}
        self.away = away or {}
        self.plans = plans or {}
        self.others = others or {}
        self._made = {}

    def __sizeof__(self) -> int:
        names = sum(map(len, self.locations.values()))
        return 300 + names + size_of(self.values) + size_of(list(self.others.values()))
