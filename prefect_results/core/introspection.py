"""What people and tools ask about a task's signature; :mod:`inspect` is loaded with this module."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from prefect_results.core.task import Task

_ORDER = (
    inspect.Parameter.POSITIONAL_ONLY,
    inspect.Parameter.POSITIONAL_OR_KEYWORD,
    inspect.Parameter.VAR_POSITIONAL,
    inspect.Parameter.KEYWORD_ONLY,
    inspect.Parameter.VAR_KEYWORD,
)


# The keyword-only arguments that calling any task takes, beside those of its `run`.
EXTRA_CALL_PARAMETERS = [
    parameter
    for parameter in inspect.signature(Task.__call__).parameters.values()
    if parameter.kind is inspect.Parameter.KEYWORD_ONLY
]


def call_signature(task: Task) -> inspect.Signature:
    """The signature of calling ``task``: ``run``'s arguments, then those of every task."""
    own = list(inspect.signature(task.run).parameters.values())
    parameters = sorted(
        [*own, *EXTRA_CALL_PARAMETERS], key=lambda parameter: _ORDER.index(parameter.kind)
    )
    return inspect.Signature(parameters, return_annotation="Task")


def _signature(run: Callable[..., Any]) -> inspect.Signature:
    try:
        return inspect.signature(run, eval_str=True)
    except Exception:
        # Names that exist for type checkers only stay text.
        return inspect.signature(run)


def _type(annotation: Any) -> Any:
    return Any if annotation in (inspect.Parameter.empty, "Any") else annotation


def inputs_of(run: Callable[..., Any]) -> dict[str, dict[str, Any]]:
    """Type, default and whether it is required, for each argument of ``run``."""
    inputs = {}
    for name, parameter in _signature(run).parameters.items():
        required = parameter.default is parameter.empty
        inputs[name] = {
            "type": _type(parameter.annotation),
            "default": None if required else parameter.default,
            "required": required,
        }
    return inputs


def outputs_of(run: Callable[..., Any]) -> Any:
    """The return annotation of ``run``, ``Any`` without one."""
    return _type(_signature(run).return_annotation)
