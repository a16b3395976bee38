"""What every run store can do with states of runs. The contract is here and nowhere else."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Literal

from prefect_results.backend.store.records import NewState, Outcome, RunState

OnConflict = Literal["raise", "skip"]


class States(ABC):
    """Part of the port `RunStore`: setting states on runs, and their history."""

    @abstractmethod
    def set_flow_run_states(
        self, new_states: Sequence[NewState], *, on_conflict: OnConflict = "raise"
    ) -> list[Outcome]:
        """Set states on flow runs; see `set_task_run_states`."""

    @abstractmethod
    def set_task_run_states(
        self, new_states: Sequence[NewState], *, on_conflict: OnConflict = "raise"
    ) -> list[Outcome]:
        """Set states on task runs, in order, in one transaction.

        A state is set only if its run still has the version that the writer expects, so a late
        writer cannot overwrite a newer state. Each state set counts the version up by one and is
        kept in the history.

        Args:
            new_states: What to set; several for one run follow each other.
            on_conflict: `raise` sets nothing at all when one version is not as expected; `skip`
                sets the others and reports those that were not set.

        Returns:
            One outcome for each state, in order.

        Raises:
            RecordNotFound: No such run.
            VersionConflict: A version was not as expected; its `outcomes` tell which.
            ValueError: A state has no `type`, or a moment has no timezone.
        """

    @abstractmethod
    def flow_run_states(self, flow_run_id: str) -> list[RunState]:
        """Return the history of a flow run's states, oldest first."""

    @abstractmethod
    def task_run_states(self, task_run_id: str) -> list[RunState]:
        """Return the history of a task run's states, oldest first."""
