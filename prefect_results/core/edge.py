"""Edges: which task must run before which, and which argument its result becomes."""

from __future__ import annotations

import keyword
from typing import TYPE_CHECKING

from prefect_results.core.annotations import EdgeAnnotation
from prefect_results.core.conversion import as_task

if TYPE_CHECKING:
    from typing import Any

    from prefect_results.core.flow import Flow
    from prefect_results.core.task import Task


def is_valid_identifier(string: str) -> bool:
    """Whether ``string`` can be the name of an argument: an identifier and no keyword."""
    return string.isidentifier() and not keyword.iskeyword(string)


class Edge:
    """A dependency of one task on another.

    The downstream task is considered only when the upstream one is finished. With a ``key``,
    the upstream result is passed to the downstream task's ``run`` under that name. Edges are
    equal if they connect the same tasks in the same way.

    Args:
        upstream_task: The task (or a value to convert to one, maybe annotated) that runs first.
        downstream_task: The task that runs afterwards.
        key: Argument of ``run`` that gets the upstream result; None for a plain dependency.
        mapped: Whether the downstream task is mapped over the upstream result.
        flattened: Whether the upstream result is flattened one level before.
        flow: Flow in which collections are bound; the one in context by default.

    Raises:
        ValueError: if both ends are the same task, or ``key`` is no identifier.
    """

    __slots__ = (
        "__weakref__",
        "_hash",
        "downstream_task",
        "flattened",
        "key",
        "mapped",
        "upstream_task",
    )

    upstream_task: Task
    downstream_task: Task
    key: str | None
    mapped: bool
    flattened: bool

    def __init__(
        self,
        upstream_task: Any,
        downstream_task: Any,
        key: str | None = None,
        mapped: bool | None = None,
        flattened: bool | None = None,
        flow: Flow | None = None,
    ) -> None:
        if upstream_task is downstream_task:
            raise ValueError("Edges can not connect a task to itself.")
        if key is not None and not (isinstance(key, str) and is_valid_identifier(key)):
            raise ValueError(f'Key must be a valid identifier (received "{key}")')
        self.key = key
        self.mapped = mapped or False
        self.flattened = flattened or False
        for end in (upstream_task, downstream_task):
            if isinstance(end, EdgeAnnotation):
                self.mapped = end.annotations.get("mapped", self.mapped)
                self.flattened = end.annotations.get("flattened", self.flattened)
        self.upstream_task = up = as_task(upstream_task, flow=flow)
        self.downstream_task = down = as_task(downstream_task, flow=flow)
        self._hash = hash((up, down, key, self.mapped, self.flattened))

    @property
    def tasks(self) -> set[Task]:
        """Both ends."""
        return {self.upstream_task, self.downstream_task}

    def __repr__(self) -> str:
        how = f"key={self.key}, mapped={self.mapped}, flattened={self.flattened}"
        return f"<Edge({how}): {self.upstream_task.name} to {self.downstream_task.name}>"

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Edge)
            and type(self) is type(other)
            and self.upstream_task is other.upstream_task
            and self.downstream_task is other.downstream_task
            and self.key == other.key
            and self.mapped == other.mapped
            and self.flattened == other.flattened
        )

    def __hash__(self) -> int:
        return self._hash

    def __reduce__(self) -> tuple[Any, ...]:
        # The hash stands for the identity of the tasks, so another process computes its own.
        ends = (self.upstream_task, self.downstream_task, self.key, self.mapped, self.flattened)
        return (type(self), ends)

    def __setstate__(self, state: dict[str, Any]) -> None:
        # Only pickles of Prefect 1.4.1 come here; ours are made by the class.
        for name in ("upstream_task", "downstream_task", "key", "mapped", "flattened"):
            setattr(self, name, state[name])
        self._hash = hash(
            (self.upstream_task, self.downstream_task, self.key, self.mapped, self.flattened)
        )

    def serialize(self) -> dict[str, Any]:
        """This edge as a JSON-compatible dict, in the form of Prefect 1.4.1."""
        from prefect_results.core.schemas import EdgeSchema

        serialized: dict[str, Any] = EdgeSchema().dump(self)
        return serialized
