"""Annotations that a user puts around an argument to say how its edge behaves.

Here belong ``mapped``, ``unmapped`` and ``flatten``. What an edge does with them is in
``core.edge``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any


class EdgeAnnotation:
    """A value together with what the edge made from it should be.

    Annotations nest: the inner one wins where both say something about the same thing.

    Args:
        value: A task, a constant, a collection, or another annotation.
    """

    annotations: dict[str, Any] = {}
    value: Any

    def __init__(self, value: Any) -> None:
        own = self.annotations
        if isinstance(value, EdgeAnnotation):
            self.annotations = {**own, **value.annotations}
            value = value.value
        else:
            self.annotations = dict(own)
        self.value = value

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.value!r})"


class mapped(EdgeAnnotation):
    """Map over this argument of a task that is called, as ``task.map`` would.

    Args:
        value: What to map over; converted to a task when the edge is made.
    """

    annotations = {"mapped": True}


class unmapped(EdgeAnnotation):
    """Give this argument of ``task.map`` as a whole to each of the mapped children.

    Args:
        value: What not to map over; converted to a task when the edge is made.
    """

    annotations = {"mapped": False}


class flatten(EdgeAnnotation):
    """Flatten one level of nesting of the upstream result before it is passed on.

    Args:
        value: The task (or value) whose result is a list of lists.
    """

    annotations = {"flattened": True}
