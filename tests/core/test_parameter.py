"""Parameters: defaults, required ones, dates, and their place in a flow."""

from __future__ import annotations

import datetime

import pendulum
import pytest

from prefect_results import Flow, Parameter, Task, context
from prefect_results.core import DateTimeParameter
from prefect_results.results import PrefectResult
from prefect_results.serializers import DateTimeSerializer
from prefect_results.signals import FAIL

# Tasks that fail to join a flow are not what these tests are about.
pytestmark = pytest.mark.filterwarnings("ignore:Tasks were created but not added to the flow")


def test_a_parameter_is_required_unless_it_has_a_default() -> None:
    """An explicit None is a default."""
    assert Parameter("x").required and Parameter("x").default is None
    assert not Parameter("x", default=None).required
    assert Parameter("x", default=1).default == 1
    assert not Parameter("x", required=False).required
    assert Parameter("x", default=1, required=True).required


def test_name_and_slug_are_one() -> None:
    """So a flow can have no two parameters of one name."""
    p = Parameter("x", tags=["t"])
    assert (p.name, p.slug, p.tags, repr(p)) == ("x", "x", {"t"}, "<Parameter: x>")
    assert isinstance(p.result, PrefectResult) and p.checkpoint is True
    with Flow("f"):
        p()
        with pytest.raises(ValueError, match='A task with the slug "x" already exists'):
            Parameter("x")()


def test_calling_adds_the_parameter_itself() -> None:
    """There is no copy."""
    flow = Flow("f")
    p = Parameter("x")
    assert p(flow=flow) is p and flow.parameters() == {p}


def test_copies_need_a_name() -> None:
    """It becomes the slug."""
    copy = Parameter("x", default=3).copy("y")
    assert (copy.name, copy.slug, copy.default) == ("y", "y", 3)  # type: ignore[attr-defined]
    with pytest.raises(TypeError):
        Parameter("x").copy()  # type: ignore[call-arg]


def test_values_come_from_the_context() -> None:
    """The given value, else the default, else a failure if it is required."""
    p = Parameter("x", default=2)
    assert p.run() == 2
    with context(parameters={"x": 3}):
        assert p.run() == 3
    with context(parameters={"x": None}):
        assert p.run() is None
    with pytest.raises(FAIL, match='Parameter "x" was required but not provided'):
        Parameter("x").run()
    assert Parameter("x", required=False).run() is None


def test_date_parameters() -> None:
    """Text is parsed, datetimes are converted, nothing stays nothing."""
    p = DateTimeParameter("d")
    assert p.required
    assert isinstance(p.result, PrefectResult)
    assert p.result.serializer == DateTimeSerializer()
    with context(parameters={"d": "2020-01-02T03:00:00"}):
        assert p.run() == pendulum.datetime(2020, 1, 2, 3)
    with context(parameters={"d": datetime.datetime(2020, 1, 2)}):
        assert p.run() == pendulum.datetime(2020, 1, 2)
    assert DateTimeParameter("d", required=False).run() is None
    with pytest.raises(FAIL):
        p.run()


def test_parameters_are_not_indexed_for_their_serialization() -> None:
    """`p["x"]` would be a task."""
    serialized = Parameter("x", default=[1], tags=["b", "a"]).serialize()
    assert serialized["default"] == [1] and serialized["tags"] == ["a", "b"]
    assert serialized["type"] == "prefect.core.parameter.Parameter"
    assert serialized["outputs"] == "typing.Any"
    assert isinstance(Parameter("y"), Task)
