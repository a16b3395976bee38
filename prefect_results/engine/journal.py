"""What the task runs of a flow run have written, so that a worker's death does not undo it.

When a worker is lost, its calls are made again elsewhere. A task run that had written its result
by then is not run again: its note says where the result lies.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prefect_results.engine.execution import SUCCESS_MESSAGE
from prefect_results.logging import get_logger
from prefect_results.states import Mapped, State, Success

if TYPE_CHECKING:
    from prefect_results.core import Task
    from prefect_results.executors.base import Journal
    from prefect_results.results import Result


class CallJournal:
    """The notes of one call: a task run, or a batch of them.

    Args:
        journal: of the flow run.
        topic: the call's name in it.
        task: the task.
        template: its Result, which reads what was written.
    """

    def __init__(self, journal: Journal, topic: str, task: Task, template: Result) -> None:
        self._journal = journal
        self._topic = topic
        self._task = task
        self._template = template
        self._known = {note[0]: note[1:] for note in journal.notes(topic)}

    def restored(self, index: int | None) -> State | None:
        """The state of a task run that was finished before its worker was lost.

        Args:
            index: the map index of the child.

        Returns:
            The state, with its value; None if the task is to run.
        """
        note = self._known.get(index)
        if note is None:
            return None
        logger = get_logger("TaskRunner")
        name = self._task.name if index is None else f"{self._task.name}[{index}]"
        try:
            state = self._state(*note)
        except Exception as exc:
            logger.warning(
                f"Task '{name}': What it wrote before its worker was lost cannot be read, so it "
                f"runs again: {exc!r}"
            )
            return None
        logger.info(f"Task '{name}': It had finished when its worker was lost; not run again.")
        return state

    def _state(self, location: str, known: Any, text: str | None) -> State:
        if text is not None:
            import json

            return State.deserialize(json.loads(text)).load_result()
        written = self._template._replace(
            value=None,
            location=location,
            serialized=True,
            _stored=tuple(known) if isinstance(known, list) else known,
        )
        state = Success(SUCCESS_MESSAGE, result=written.deserialize())
        state.context = {"tags": list(self._task.tags)}
        return state

    def note(self, index: int | None, state: State) -> None:
        """Take down that a task run has ended, if it has written its result.

        Args:
            index: the map index of the child.
            state: the state that it ended in.
        """
        result = state._result
        if not (state.is_successful() and getattr(result, "_stored", False)):
            return
        if isinstance(state, Mapped):
            return
        text = None
        if type(state) is not Success or state.message != SUCCESS_MESSAGE:
            import json

            try:
                text = json.dumps(state.serialize())
            except Exception:
                return
        self._journal.add(self._topic, (index, result.location, result._stored, text))
