"""The contract of a run store as tests: subclass `RunStoreContract` and give it a `store`.

    class TestMyStore(RunStoreContract):
        @pytest.fixture
        def store(self):
            with my_empty_store() as store:
                yield store

Every run store must pass all of them. Needs pytest; a failing assertion shows its values after
`pytest.register_assert_rewrite("prefect_results.testing.stores")`.
"""

from __future__ import annotations

from prefect_results.testing.stores.flow_runs import FlowRunContract
from prefect_results.testing.stores.flows import FlowContract
from prefect_results.testing.stores.given import serialized_flow
from prefect_results.testing.stores.logs import LogContract, TransactionContract
from prefect_results.testing.stores.states import StateContract
from prefect_results.testing.stores.task_runs import TaskRunContract

__all__ = [
    "RunStoreContract",
    "FlowContract",
    "FlowRunContract",
    "TaskRunContract",
    "StateContract",
    "LogContract",
    "TransactionContract",
    "serialized_flow",
]


class RunStoreContract(
    FlowContract, FlowRunContract, TaskRunContract, StateContract, LogContract, TransactionContract
):
    """Everything that a run store must do. Subclasses give the fixture `store`, empty."""
