"""Who hears of each state of a task run: a listener in the context of the flow run.

A recorder is one. Unlike a state handler it changes nothing, and it hears of the short way too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from prefect_results.context import context as ambient

if TYPE_CHECKING:
    from prefect_results.core import Task
    from prefect_results.states import State

# The context key under which a flow run's listener is.
LISTENER = "_listener"


class StateListener(Protocol):
    """Hears of the states of task runs, in the thread that runs them."""

    def task_run_changed(self, task: Task, map_index: int | None, state: State) -> None:
        """Hear of a new state, after the state handlers.

        Args:
            task: the task.
            map_index: the index of a mapped child; `None` for any other task run.
            state: the new state.
        """

    def task_run_id(self, task_slug: str, map_index: int | None) -> str:
        """The id that a task run finds in its context.

        Args:
            task_slug: the task's slug in the flow.
            map_index: the index of a mapped child; `None` for any other task run.
        """

    def flush(self) -> None:
        """Keep what was heard, before the process that heard it may go."""


def listener() -> StateListener | None:
    """The listener of the ambient context, if there is one."""
    found: StateListener | None = ambient.current().get(LISTENER)
    return found
