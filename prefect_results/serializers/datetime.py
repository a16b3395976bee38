"""Dates and times as text that people can read.

Not here: pickles or JSON of values that have dates in them.
"""

from __future__ import annotations

from typing import Any

from prefect_results.serializers.base import Serializer, register_serializer


@register_serializer
class DateTimeSerializer(Serializer):
    """Serializes a datetime as ISO 8601 text; it comes back as a pendulum DateTime (Prefect 1.4.1).

    A datetime without time zone is taken as UTC.
    """

    def serialize(self, value: Any) -> bytes:
        """Turn a datetime into text.

        Raises:
            ValueError, TypeError, AttributeError: if the value is no date or time.
        """
        import pendulum

        text: str = pendulum.instance(value).to_iso8601_string()
        return text.encode()

    def deserialize(self, value: bytes) -> Any:
        """Turn ISO 8601 text into a pendulum DateTime.

        Raises:
            ValueError: if it is not such text.
        """
        import pendulum

        text = value.decode()
        # pendulum reads "now" as the current time, and no text as midnight today.
        if not text.strip() or text.strip().isalpha():
            raise ValueError(f"{text!r} is no date or time in ISO 8601")
        return pendulum.parse(text)
