"""Parameters: the inputs of a flow, as tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prefect_results import signals
from prefect_results.context import context
from prefect_results.core.task import NoDefault, Task
from prefect_results.results import PrefectResult

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from prefect_results.core.flow import Flow

no_default = NoDefault.value


class Parameter(Task):
    """An input of the flow, given to ``flow.run(parameters=...)``.

    Its slug is its name, so that a flow can have no two parameters of one name.

    Args:
        name: Name of the parameter.
        default: Value where none is given; JSON-compatible.
        required: Whether a value must be given; True by default if there is no ``default``.
        tags: Labels.
    """

    def __init__(
        self,
        name: str,
        default: Any = no_default,
        required: bool | None = None,
        tags: Iterable[str] | None = None,
    ) -> None:
        self.required = default is no_default if required is None else required
        self.default = None if default is no_default else default
        super().__init__(name=name, slug=name, tags=tags, result=PrefectResult(), checkpoint=True)

    def __repr__(self) -> str:
        return f"<Parameter: {self.name}>"

    def __call__(self, flow: Flow | None = None) -> Parameter:  # type: ignore[override]
        """Add this parameter to a flow.

        Args:
            flow: The flow; the one in context by default.

        Returns:
            This parameter.
        """
        super().bind(flow=flow)
        return self

    def copy(self, name: str, **task_args: Any) -> Task:  # type: ignore[override]
        """Copy this parameter under another name.

        Args:
            name: Name of the copy, and its slug.
            task_args: Attributes to set on the copy.

        Returns:
            The copy.

        Raises:
            AttributeError: if an attribute does not exist.
        """
        return super().copy(name=name, slug=name, **task_args)

    def run(self) -> Any:
        """The value given for this parameter, or its default.

        Raises:
            FAIL: if it is required and was not given.
        """
        given = context.get("parameters") or {}
        if self.required and self.name not in given:
            message = f'Parameter "{self.name}" was required but not provided.'
            self.logger.debug(message)
            raise signals.FAIL(message)
        return given.get(self.name, self.default)

    def serialize(self) -> dict[str, Any]:
        """This parameter as a JSON-compatible dict, in the form of Prefect 1.4.1."""
        from prefect_results.core.schemas import ParameterSchema

        serialized: dict[str, Any] = ParameterSchema().dump(self)
        return serialized


class DateTimeParameter(Parameter):
    """A parameter that is a date: text is parsed, a datetime becomes one of pendulum's.

    Args:
        name: Name of the parameter.
        default: Value where none is given: text that pendulum can parse.
        required: Whether a value must be given. Without one an optional parameter is None.
        tags: Labels.
    """

    def __init__(
        self,
        name: str,
        default: Any = no_default,
        required: bool = True,
        tags: Iterable[str] | None = None,
    ) -> None:
        from prefect_results.serializers import DateTimeSerializer

        super().__init__(name=name, default=default, required=required, tags=tags)
        self.result = PrefectResult(serializer=DateTimeSerializer())

    def run(self) -> Any:
        """The date given for this parameter, or its default."""
        value = super().run()
        if value is None:
            return None
        import pendulum

        return pendulum.parse(value) if isinstance(value, str) else pendulum.instance(value)
