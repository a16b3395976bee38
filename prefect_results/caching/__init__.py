"""When a cached value may stand in for a run: validators and input hashes."""

from __future__ import annotations

from prefect_results.caching.hashing import hash_inputs, tokenize
from prefect_results.caching.isolation import IsolationLevel
from prefect_results.caching.validators import (
    all_inputs,
    all_parameters,
    duration_only,
    never_use,
    partial_inputs_only,
    partial_parameters_only,
)

__all__ = [
    "IsolationLevel",
    "all_inputs",
    "all_parameters",
    "duration_only",
    "hash_inputs",
    "never_use",
    "partial_inputs_only",
    "partial_parameters_only",
    "tokenize",
]
