"""The version that legacy code sees is the version that data carries."""

from __future__ import annotations

import pytest

from prefect_results import Flow, Task
from prefect_results.compat.run_configs import LocalRun
from prefect_results.compat.storage import Local
from prefect_results.core.schedule_schemas import ScheduleSchema
from prefect_results.schedules import CronSchedule
from prefect_results.states import Success
from prefect_results.version import LEGACY_VERSION


@pytest.mark.parametrize(
    "dumped",
    [
        Success(result=1).serialize(),
        Success(result=1).serialize()["_result"],
        Flow("f").serialize(),
        Task().serialize(),
        ScheduleSchema().dump(CronSchedule("0 0 * * *")),
        LocalRun().serialize(),
        Local().serialize(),
    ],
    ids=["state", "result", "flow", "task", "schedule", "run config", "storage"],
)
def test_data_carries_the_legacy_version(dumped):
    """What legacy code compares with `prefect.__version__` is equal to it."""
    assert dumped["__version__"] == LEGACY_VERSION
    assert LEGACY_VERSION.startswith("1.4.1")
