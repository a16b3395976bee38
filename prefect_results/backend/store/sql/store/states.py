"""The run store over SQLAlchemy: its methods on states. Docstrings are those of the port."""

from __future__ import annotations

from collections.abc import Sequence

from prefect_results.backend.store.port.states import OnConflict, States
from prefect_results.backend.store.records import NewState, Outcome, RunState
from prefect_results.backend.store.sql import states
from prefect_results.backend.store.sql.database import Database


class SqlStates(States):
    """Serves the port's methods on states."""

    database: Database

    def set_flow_run_states(
        self, new_states: Sequence[NewState], *, on_conflict: OnConflict = "raise"
    ) -> list[Outcome]:
        return self.database.run(
            lambda c: states.set_states(c, states.FLOW_RUN, new_states, on_conflict)
        )

    def set_task_run_states(
        self, new_states: Sequence[NewState], *, on_conflict: OnConflict = "raise"
    ) -> list[Outcome]:
        return self.database.run(
            lambda c: states.set_states(c, states.TASK_RUN, new_states, on_conflict)
        )

    def flow_run_states(self, flow_run_id: str) -> list[RunState]:
        with self.database.read() as c:
            return states.history(c, states.FLOW_RUN, flow_run_id)

    def task_run_states(self, task_run_id: str) -> list[RunState]:
        with self.database.read() as c:
            return states.history(c, states.TASK_RUN, task_run_id)
