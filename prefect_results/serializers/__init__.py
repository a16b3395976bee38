"""How values become data: the serializers, and their registry.

Not here: where the data goes; see `filesystems` and `results`.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from prefect_results.serializers.base import (
    ResultSerializer,
    Serializer,
    UnknownSerializer,
    register_lazily,
    register_serializer,
    serializer_from_config,
    serializer_name,
    serializer_type,
)
from prefect_results.serializers.json import JSONSerializer
from prefect_results.serializers.pickle import PickleSerializer

if TYPE_CHECKING:
    from prefect_results.serializers.compressed import CompressedSerializer
    from prefect_results.serializers.datetime import DateTimeSerializer
    from prefect_results.serializers.detect import DetectSerializer
    from prefect_results.serializers.pandas import PandasSerializer

__all__ = [
    "Serializer",
    "ResultSerializer",
    "PickleSerializer",
    "JSONSerializer",
    "DateTimeSerializer",
    "PandasSerializer",
    "CompressedSerializer",
    "DetectSerializer",
    "UnknownSerializer",
    "register_serializer",
    "serializer_from_config",
    "serializer_name",
    "serializer_type",
]

_LAZY = {
    "CompressedSerializer": "compressed",
    "DateTimeSerializer": "datetime",
    "DetectSerializer": "detect",
    "PandasSerializer": "pandas",
}


def __getattr__(name: str) -> Any:
    module = _LAZY.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f"{__name__}.{module}"), name)
    globals()[name] = value
    return value


for _name in _LAZY:
    register_lazily(_name, partial(__getattr__, _name))
