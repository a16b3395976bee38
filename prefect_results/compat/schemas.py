"""Legacy names of the schemas of single states and results, such as `SuccessSchema`.

The wire derives one schema from each class; legacy has one name for each. Names are looked up
when they are used: `from prefect.serialization.state import SuccessSchema`.
"""

from __future__ import annotations

from typing import Any

from prefect_results import results, states
from prefect_results.wire import ResultSchema
from prefect_results.wire.results import schema_of as schema_of_result
from prefect_results.wire.states import schema_of as schema_of_state

_END = "Schema"
_RENAMED = {"BaseState": "State", "MetaState": "_MetaState", "NoResult": "NoResultType"}


def __getattr__(name: str) -> Any:
    if name.endswith(_END) and not name.startswith("_"):
        kind = name[: -len(_END)]
        kind = _RENAMED.get(kind, kind)
        state = getattr(states, kind, None)
        if isinstance(state, type):
            return schema_of_state(state)
        if kind == "Result":
            return ResultSchema
        result = getattr(results, kind, None)
        if isinstance(result, type):
            return schema_of_result(result)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
