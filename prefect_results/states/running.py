"""States of a run that is under way."""

from __future__ import annotations

from prefect_results.states.base import State


class Running(State):
    """The run is under way."""

    color = "#3d67ff"

    def is_running(self) -> bool:
        """Always true here."""
        return True


class Cancelling(Running):
    """A flow run is being cancelled; some of its tasks may still run."""

    color = "#E8E8E8"
