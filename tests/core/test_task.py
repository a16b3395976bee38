"""Tasks: their options, their defaults, copying, and what is rejected."""

from __future__ import annotations

import inspect
import logging
import pickle
from datetime import timedelta
from typing import Any, Tuple  # noqa: UP035

import cloudpickle
import pytest

from prefect_results import Flow, Parameter, Task, context, tags, task, triggers
from prefect_results.caching import validators
from prefect_results.configuration import set_temporary_config
from prefect_results.core.task import NoDefault, TaskMetaclass
from prefect_results.results import LocalResult, PrefectResult

# Tasks that fail to join a flow are not what these tests are about.
pytestmark = pytest.mark.filterwarnings("ignore:Tasks were created but not added to the flow")


class AddTask(Task):
    """Adds."""

    def run(self, x, y=1):
        """Add."""
        return x + y


def test_a_task_is_named_after_its_class() -> None:
    """Without a name, the class gives it; so does the name of the logger."""
    assert Task().name == "Task"
    assert AddTask().name == "AddTask"
    assert Task(name="t").name == "t"
    assert isinstance(Task().logger, logging.Logger)
    assert Task(name="foo").logger.name.endswith(".foo")
    assert repr(Task(name="t")) == "<Task: t>"


def test_defaults() -> None:
    """A task that is given nothing does nothing special."""
    t = Task()
    assert (t.slug, t.tags, t.timeout, t.retry_on, t.retry_delay) == (None, set(), None, None, None)
    assert not t.max_retries
    assert t.trigger is triggers.all_successful
    assert t.skip_on_upstream_skip is True
    assert t.cache_for is None and t.cache_key is None
    assert t.cache_validator is validators.never_use
    assert t.checkpoint is None and t.result is None and t.target is None
    assert t.state_handlers == [] and t.auto_generated is False and t.log_stdout is False
    assert t.nout is None and t.task_run_name is None
    assert t.run() is None


def test_reserved_attributes_are_those_that_a_task_sets() -> None:
    """The list that is written down is the one that the constructor makes true."""
    assert Task._reserved_attributes == tuple(sorted(Task().__dict__))


@pytest.mark.parametrize("where", ["class", "instance"])
def test_a_subclass_that_uses_a_reserved_attribute_is_warned(where: str) -> None:
    """Setting `name` before `super().__init__` would be lost silently."""

    class OnClass(Task):
        name = "x"

    class OnInstance(Task):
        def __init__(self) -> None:
            self.name = "x"
            super().__init__()

    with pytest.warns(UserWarning, match="sets a `name` attribute"):
        {"class": OnClass, "instance": OnInstance}[where]()


def test_a_task_as_argument_of_a_constructor_is_warned_of() -> None:
    """Tasks belong into the call, not into the constructor."""

    class MyTask(Task):
        def __init__(self, x: Any, **kwargs: Any) -> None:
            super().__init__(**kwargs)

    with pytest.warns(UserWarning, match="MyTask was made with a task"):
        MyTask(Task())
    with pytest.warns(UserWarning, match="Task was made with a task"):
        Task(result=Task())  # type: ignore[arg-type]


def test_tags_must_not_be_a_string() -> None:
    """A string would be taken for a set of letters."""
    with pytest.raises(TypeError, match="Tags should be a set of tags, not a string"):
        Task(tags="abc")


def test_tags_come_from_the_context_too() -> None:
    """`tags(...)` adds to what a task is given, when it is made, copied or bound."""
    with tags("outer"), tags("inner"):
        made = Task(tags=["own"])
    assert made.tags == {"outer", "inner", "own"}
    with tags("later"):
        assert Task(tags=["a"]).copy().tags == {"a", "later"}
    unbound = AddTask()
    with Flow("f"), tags("called"):
        assert unbound(1).tags == {"called"}
    assert unbound.tags == set()


@pytest.mark.parametrize(
    ("kwargs", "error", "message"),
    [
        ({"max_retries": 2}, ValueError, "needs a `retry_delay`"),
        ({"retry_delay": timedelta(1)}, ValueError, "`max_retries` argument greater than 0"),
        ({"retry_on": ValueError}, ValueError, "`max_retries` must be provided if `retry_on`"),
        ({"timeout": 0.5}, TypeError, "Only integer timeouts"),
        ({"state_handlers": 1}, TypeError, "state_handlers should be iterable"),
    ],
)
def test_contradictions_are_rejected(
    kwargs: dict[str, Any], error: type[Exception], message: str
) -> None:
    """Options that make no sense raise when the task is made."""
    with pytest.raises(error, match=message):
        Task(**kwargs)


@pytest.mark.parametrize("bad", [1, ValueError(), [ValueError, "x"], KeyboardInterrupt])
def test_retry_on_takes_exception_types_only(bad: Any) -> None:
    """An instance, or a type that is no Exception, is not something to retry on."""
    with pytest.raises(TypeError, match="Invalid `retry_on` value"):
        Task(max_retries=1, retry_delay=timedelta(0), retry_on=bad)


def test_retry_on_becomes_a_set() -> None:
    """One type or several, the attribute is a set."""
    options = {"max_retries": 1, "retry_delay": timedelta(0)}
    assert Task(retry_on=IOError, **options).retry_on == {OSError}
    assert Task(retry_on=[KeyError, OSError], **options).retry_on == {KeyError, OSError}


def test_defaults_come_from_the_configuration() -> None:
    """`tasks.defaults` says how often a task is tried and how long."""
    settings = {
        "tasks.defaults.max_retries": 3,
        "tasks.defaults.retry_delay": timedelta(seconds=1),
        "tasks.defaults.timeout": 7,
    }
    with set_temporary_config(settings):
        t = Task()
        own = Task(max_retries=0)
    assert (t.max_retries, t.retry_delay, t.timeout) == (3, timedelta(seconds=1), 7)
    assert (own.max_retries, own.retry_delay) == (0, None)


def test_timeouts_are_whole_seconds() -> None:
    """A timedelta becomes seconds; what is less than one is dropped with a warning."""
    assert Task(timeout=timedelta(minutes=1)).timeout == 60
    with pytest.warns(UserWarning, match="sub-second"):
        assert Task(timeout=timedelta(seconds=1, milliseconds=500)).timeout == 1


def test_cache_validators() -> None:
    """`cache_for` alone means that time decides; a validator alone is of no use."""
    assert Task(cache_for=timedelta(1)).cache_validator is validators.duration_only
    with pytest.warns(UserWarning, match="cache_validator provided without"):
        Task(cache_validator=validators.all_inputs)
    Task(cache_validator=validators.never_use)


def test_a_target_is_where_the_result_goes() -> None:
    """With both a result and a target, the target wins and the user's result stays untouched."""
    result = LocalResult(dir="/tmp/x")
    t = Task(result=result, target="{task_name}.json")
    assert t.target == "{task_name}.json" == t.result.location
    assert result.location is None
    assert Task(target="x").result is None


def test_a_target_that_overrules_a_location_is_warned_of() -> None:
    """Two locations are one too many."""
    result = LocalResult(dir="/tmp/x", location="here")
    with pytest.warns(UserWarning, match="Both `result.location` and `target`"):
        assert Task(result=result, target="there").result.location == "there"
    t = Task(result=LocalResult(dir="/tmp/x"), target="a")
    with pytest.warns(UserWarning, match="Both `result.location` and `target`"):
        assert t.copy(target="b").result.location == "b"


def test_on_failure_is_a_state_handler() -> None:
    """The callback is called for failed states, after the handlers, with the task."""
    from prefect_results.states import Failed, Success

    calls: list[Any] = []
    handlers = [lambda task, old, new: new]
    t = Task(state_handlers=handlers, on_failure=lambda *args: calls.append(args))
    assert len(t.state_handlers) == 2
    assert len(handlers) == 1
    failed, success = Failed(), Success()
    assert t.state_handlers[-1](t, success, failed) is failed
    assert t.state_handlers[-1](t, failed, success) is success
    assert calls == [(t, failed)]


def test_run_may_not_take_positional_varargs() -> None:
    """Arguments are passed by keyword."""
    with pytest.raises(ValueError, match=r"\*args"):

        class Bad(Task):
            def run(self, *args):
                pass

    with pytest.raises(ValueError, match=r"\*args"):
        task(lambda *args: 1)

    class Good(Task):
        def run(self, **kwargs):
            pass


@pytest.mark.parametrize("name", ["upstream_tasks", "mapped", "task_args", "flow"])
def test_run_may_not_take_reserved_arguments(name: str) -> None:
    """They are arguments of the call."""
    run = eval(f"lambda self, {name}: 1")
    with pytest.raises(ValueError, match=f"the following argument names: {name}."):
        TaskMetaclass("Bad", (Task,), {"run": run})


def test_run_may_not_take_positional_only_arguments() -> None:
    """They cannot be passed by keyword."""

    class Bad(Task):
        def run(self, x, /, y):
            pass

    with pytest.raises(TypeError, match=r"Found positional-only parameters .* \['x'\]"):
        Bad()


def test_builtin_functions_cannot_be_tasks() -> None:
    """The error says to wrap them."""
    with pytest.raises(ValueError, match="Python does not tell the arguments"):
        task(min)
    with pytest.raises(TypeError, match="`fn` must be callable"):
        task(1)  # type: ignore[call-overload]


def test_copies_share_nothing_that_changes() -> None:
    """A copy has its own tags and attributes, and the same ones."""
    t = AddTask(name="t", tags=["a"], max_retries=1, retry_delay=timedelta(1))
    t.extra = [1]  # type: ignore[attr-defined]
    copied = t.copy(name="c")
    assert type(copied) is AddTask and copied.name == "c" and t.name == "t"
    assert copied.extra is t.extra  # type: ignore[attr-defined]
    copied.tags.add("b")
    assert t.tags == {"a"}
    assert t.copy(tags=["x"]).tags == {"a", "x"}


def test_copies_of_slugged_tasks_get_another_slug() -> None:
    """Two tasks of one slug cannot be in one flow."""
    t = Task(slug="s")
    assert t.copy().slug == "s-copy"
    assert t.copy(slug="own").slug == "own"
    assert Task().copy().slug is None


def test_copying_rejects_unknown_attributes() -> None:
    """A typo in `task_args` is an error."""
    with pytest.raises(AttributeError, match="<Task: t> does not have nope as an attribute"):
        Task(name="t").copy(nope=1)


def test_classes_that_copy_in_their_own_way_do() -> None:
    """`__copy__`, `__getstate__` and slots of a subclass are respected."""

    class Slotted(Task):
        __slots__ = ("mine",)

    t = Slotted()
    t.mine = 3
    assert t.copy().mine == 3

    class Copying(Task):
        def __copy__(self) -> Any:
            new = object.__new__(type(self))
            new.__dict__.update(self.__dict__, copied=True)
            return new

    assert Copying().copy().copied  # type: ignore[attr-defined]


def test_copying_a_bound_task_in_its_flow_is_warned_of() -> None:
    """The copy lacks the edges, which is easily overlooked."""
    with Flow("f"):
        a = AddTask()(Task())
        with pytest.warns(UserWarning, match="You are making a copy of a task that has depend"):
            a.copy()(1)


def test_nout_is_inferred_from_the_annotation() -> None:
    """A tuple of known length has as many outputs; anything else has one."""

    def pair() -> Tuple[int, str]: ...  # noqa: UP006

    def three() -> tuple[int, int, int]: ...

    def endless() -> tuple[int, ...]: ...

    def bare() -> tuple: ...

    def nothing() -> Tuple[()]: ...  # noqa: UP006

    def one() -> int: ...

    functions = [pair, three, endless, bare, nothing, one]
    for function in functions:
        function.__annotations__ = {
            "return": eval(function.__annotations__["return"])  # this module's are text
        }
    assert [task(function).nout for function in functions] == [2, 3, None, None, 0, None]
    assert task(one, nout=4).nout == 4  # type: ignore[call-overload]


def test_tasks_with_outputs_are_iterable() -> None:
    """As many items as there are outputs; without that, iterating is an error."""
    with Flow("f"):
        a, b = task(lambda: (1, 2), nout=2)()  # type: ignore[call-overload]
        assert isinstance(a, Task) and isinstance(b, Task)
        with pytest.raises(TypeError, match="Task is not iterable"):
            list(Task())


def test_signatures_show_the_arguments_of_a_call() -> None:
    """An instance shows `run`'s arguments and those of all tasks, a class its constructor's."""
    signature = inspect.signature(AddTask())
    assert list(signature.parameters) == [
        *("x", "y", "mapped", "task_args", "upstream_tasks", "flow")
    ]
    assert "max_retries" in inspect.signature(AddTask).parameters
    with_kwargs = inspect.signature(task(lambda a, *, b=1, **kw: 1))
    assert list(with_kwargs.parameters)[:2] == ["a", "b"]
    assert list(with_kwargs.parameters)[-1] == "kw"


def test_inputs_and_outputs_describe_run() -> None:
    """Types, defaults and what is required, as the signature has them."""

    class Bare(Task):
        def run(self): ...

    @task
    def fn(x, y: int = 3) -> int: ...

    assert fn.inputs() == {
        "x": {"type": Any, "default": None, "required": True},
        "y": {"type": int, "default": 3, "required": False},
    }
    assert fn.outputs() is int
    assert Task().outputs() is None
    assert Bare().outputs() is Any


def test_function_tasks_keep_the_looks_of_the_function() -> None:
    """Name, docstring and `__wrapped__`."""

    def named(x):
        """Says something."""

    t = task(named)
    assert t.name == "named" and t.__doc__ == "Says something." and t.__wrapped__ is named
    assert task(named, name="other").name == "other"  # type: ignore[call-overload]
    assert task(lambda: 1).name == "<lambda>"


def test_the_decorator_takes_options() -> None:
    """With and without parentheses."""

    @task(name="n", tags=["t"])
    def fn(x):
        return x

    assert (fn.name, fn.tags, fn.run(3)) == ("n", {"t"}, 3)


def test_tasks_pickle() -> None:
    """With both picklers, to an equal description."""
    t = AddTask(name="t", tags=["x"], max_retries=1, retry_delay=timedelta(1), retry_on=OSError)
    for copy in (cloudpickle.loads(cloudpickle.dumps(t)), pickle.loads(pickle.dumps(t))):
        assert copy.__dict__ == t.__dict__


def test_unused_tasks_are_tracked_where_a_flow_is_open() -> None:
    """Made tasks are noted; copying notes the copy instead; parameters' results are set."""
    with context(_unused_task_tracker=set()):
        t = Task()
        assert context._unused_task_tracker == {t}
        new = t.copy()
        assert context._unused_task_tracker == {new}
    assert repr(NoDefault.value) == "<no default>"
    assert Parameter("p").result == PrefectResult()
