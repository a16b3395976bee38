"""Results of types that this process does not know: kept as they came, and passed on.

Not here: types that are known; those are registered with `register_result_type`.
"""

from __future__ import annotations

from typing import Any, NoReturn

from prefect_results.exceptions import DeserializationError
from prefect_results.results import Result


class UnknownResult(Result):
    """Stands for a result whose type is not registered in this process.

    It keeps the wire form, so that dumping it writes the same again; its location can be looked
    at. Using its value is an error that says what to register. (Prefect 1.4.1 makes a base
    `Result` of it, which keeps nothing but the location.)

    Args:
        form: the wire form, JSON-compatible.
    """

    __slots__ = ("form",)

    _extras = {"form": None}

    form: dict[str, Any]

    def __init__(self, form: dict[str, Any]) -> None:
        self.form = form
        super().__init__(location=form.get("location"), serialized=True)

    @property
    def type_name(self) -> str:
        """The name of the type that is not known here."""
        name = self.form.get("custom_type") or self.form.get("type")
        handler = self.form.get("result_handler")
        if isinstance(handler, dict):
            return f"{name} with a {handler.get('type')}"
        return str(name)

    def read(self, location: str) -> NoReturn:
        """Raises `DeserializationError`: the type is not known here."""
        self._refuse()

    def write(self, value_: Any, **kwargs: Any) -> NoReturn:
        """Raises `DeserializationError`: the type is not known here."""
        self._refuse()

    def exists(self, location: str, **kwargs: Any) -> NoReturn:
        """Raises `DeserializationError`: the type is not known here."""
        self._refuse()

    def serialize(self) -> UnknownResult:
        """Returns this result, which is in its serialized form."""
        return self

    def deserialize(self) -> NoReturn:
        """Raises `DeserializationError`: the type is not known here."""
        self._refuse()

    def __repr__(self) -> str:
        return f"<UnknownResult: {self.type_name}>"

    def _refuse(self) -> NoReturn:
        raise DeserializationError(
            f"The result type {self.type_name!r} (location {self.location!r}) is not registered "
            "in this process: import the module that defines it, which must call "
            "register_result_type"
        )
