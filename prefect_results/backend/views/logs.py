"""`FlowRunLog`: one line of a flow run's log.

What belongs here: a line. What does not: asking for lines (`flow_run`).
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from pendulum import DateTime

    from prefect_results.backend.access import LogData


class FlowRunLog(NamedTuple):
    """A line of a flow run's log (Prefect 1.4.1); lines sort by time.

    Attributes:
        timestamp: When it was written, as a pendulum DateTime.
        level: A level of `logging`.
        message: What it says.
    """

    timestamp: DateTime
    level: int
    message: str

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> FlowRunLog:
        """Return the line of a dictionary with `timestamp` (ISO 8601), `level` and `message`."""
        import pendulum

        moment: Any = pendulum.parse(data["timestamp"])
        return cls(moment, _number(data["level"]), data["message"])

    @classmethod
    def from_data(cls, data: LogData) -> FlowRunLog:
        """Return the line that is recorded as `data`."""
        import pendulum

        return cls(pendulum.instance(data.timestamp), _number(data.level), data.message or "")


def _number(name: str) -> int:
    number: Any = logging.getLevelName(name)
    return number if isinstance(number, int) else logging.INFO
