"""Task subclasses: attributes, defaults_from_attrs, copies, call arguments, pickling."""

import cloudpickle
from prefect import Flow, Task, task
from prefect.utilities.tasks import defaults_from_attrs


class Greet(Task):
    def __init__(self, greeting="hi", who=None, **kwargs):
        self.greeting, self.who = greeting, who
        super().__init__(**kwargs)

    @defaults_from_attrs("greeting", "who")
    def run(self, greeting=None, who=None):
        return "{} {}".format(greeting, who)


class Extra(Task):
    def run(self, a, b=2, *, c=3, **others):
        return [a, b, c, sorted(others.items())]


@task(name="decorated", max_retries=0)
def fn(x: int, y: str = "y") -> str:
    """Says x and y."""
    return "{}{}".format(x, y)


greet = Greet("hello", name="greet")
extra = Extra(name="extra")
with Flow("task-classes") as flow:
    greet(who="world")
    greet("bye", "moon")
    greet(who="copy", task_args=dict(name="copied", tags=["c"]))
    extra(1)
    extra(1, 2, c=4, d=5, e=greet(who="e"))
    fn(1)
    cloudpickle.loads(cloudpickle.dumps(fn))(2, "z", task_args=dict(name="unpickled"))


def observe(flow, states):
    g = greet.copy(name="other")
    return [
        g.name,
        g.greeting,
        g is greet,
        repr(fn),
        fn.run(5),
        fn.__doc__,
        fn.__name__,
        fn.inputs()["x"]["required"],
        sorted(fn.inputs()),
        fn.outputs().__name__,
        fn.auto_generated,
        list(extra.__signature__.parameters),
        greet.skip_on_upstream_skip,
        greet.trigger.__name__,
        greet.cache_validator.__name__,
        fn.task_run_name,
        fn.timeout,
        fn.log_stdout,
        fn.nout,
        fn.target,
        fn.checkpoint,
        fn.max_retries,
        fn.retry_on,
    ]
