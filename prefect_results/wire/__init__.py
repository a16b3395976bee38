"""The JSON form of states, results and serializers: marshmallow schemas that write and read it.

What belongs here: the schemas, upgrades of older forms, and the JSON Schemas made from them. What
does not: how values become data (the serializers) and where it lies (the results).
"""

from prefect_results.wire.family import OneOfSchema
from prefect_results.wire.results import ResultSchema
from prefect_results.wire.schema import ObjectSchema
from prefect_results.wire.serializers import SerializerSchema
from prefect_results.wire.states import StateSchema, register_state_type
from prefect_results.wire.unknown import UnknownResult

# The name of it in Prefect 1.4.1.
StateResultSchema = ResultSchema

# What `State.serialize` and `State.deserialize` use.
codec = StateSchema()

__all__ = [
    "ObjectSchema",
    "OneOfSchema",
    "ResultSchema",
    "SerializerSchema",
    "StateResultSchema",
    "StateSchema",
    "UnknownResult",
    "codec",
    "register_state_type",
]
