"""The port: what every run store can do. The contract is in this folder and nowhere else.

What belongs here: signatures, meaning, errors, a module for each noun. What does not: SQL (`sql`)
and the records' fields (`records`). Names of fields and the rules of registration come from Prefect
Server as Prefect 1.4.1's client sees it; versions of states are always honoured, there as a setting
of the flow.
"""

from __future__ import annotations

from abc import abstractmethod
from contextlib import AbstractContextManager

from prefect_results.backend.store.port.flow_runs import FlowRuns
from prefect_results.backend.store.port.flows import Flows
from prefect_results.backend.store.port.key_values import KeyValues
from prefect_results.backend.store.port.logs import Logs
from prefect_results.backend.store.port.projects import Projects
from prefect_results.backend.store.port.states import OnConflict, States
from prefect_results.backend.store.port.task_runs import TaskRuns

__all__ = ["OnConflict", "RunStore"]


class RunStore(Projects, Flows, FlowRuns, TaskRuns, States, Logs, KeyValues):
    """Projects, flows, runs, their states and logs, and key-value pairs, kept in one place.

    A store may be used by many threads and processes at once, survives a fork, and is pickled as
    its URL. Every method is one transaction: all of it is kept or nothing; `transaction()` makes
    one of several calls. What is written by one call is seen by the next, in any process.

    Every method may raise `StoreUnavailable` when the database cannot be reached or stays locked,
    and `StoreSchemaError` when it was made by a newer release. A method that takes an id raises
    `RecordNotFound` when there is no such record, except where it returns None; an id that is not
    a UUID is one that does not exist.
    """

    url: str
    """Where it is, as `open_store` takes it; a password is in it."""

    @abstractmethod
    def transaction(self) -> AbstractContextManager[None]:
        """Make one transaction of all calls that this thread makes inside the block.

        An exception that leaves the block undoes all of them. Blocks may be nested; the outermost
        one commits.
        """

    @abstractmethod
    def close(self) -> None:
        """Release connections; the store opens new ones when it is used again."""
