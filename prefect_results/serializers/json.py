"""JSON text.

Not here: JSON that is kept as an object inside a state; see `ResultSerializer`.
"""

from __future__ import annotations

from typing import Any

from prefect_results.serializers.base import Serializer, register_serializer


@register_serializer
class JSONSerializer(Serializer):
    """Serializes what JSON can hold, as UTF-8 text (Prefect 1.4.1).

    Tuples come back as lists and keys of dictionaries as text, as JSON has it.
    """

    def serialize(self, value: Any) -> bytes:
        """Turn a value into JSON text.

        Raises:
            TypeError, ValueError: if JSON cannot hold the value.
        """
        import json

        return json.dumps(value).encode()

    def deserialize(self, value: bytes | str) -> Any:
        """Turn JSON text into the value again.

        Raises:
            ValueError: if it is not JSON text.
        """
        import json

        return json.loads(value)
