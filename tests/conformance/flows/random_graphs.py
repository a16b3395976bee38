"""Random flows: mapping, reducing, flattening, failures, skips, retries, loops, triggers."""

import random
from datetime import timedelta

import prefect
from prefect import Flow, Parameter, case, flatten, mapped, task, triggers, unmapped
from prefect.engine import signals
from prefect.engine.flow_runner import FlowRunner
from prefect.tasks.control_flow import merge

SEEDS = 0, 30
TRIGGERS = [
    triggers.all_successful,
    triggers.all_successful,
    triggers.all_successful,
    triggers.all_finished,
    triggers.any_successful,
    triggers.any_failed,
    triggers.all_failed,
    triggers.not_all_skipped,
    triggers.some_failed(at_least=1),
    triggers.some_successful(at_least=0.5),
]


def give_list(n):
    return lambda *, x=None, y=None: list(range(n))


def give_nested(n):
    return lambda *, x=None, y=None: [list(range(i)) for i in range(n)]


def number(n):
    return lambda *, x=None, y=None: n


def combine(*, x=None, y=None):
    if isinstance(x, list):
        x = len(x)
    if isinstance(y, list):
        y = len(y)
    return (x or 0) + (y or 0)


def picky(*, x=None, y=None):
    value = combine(x=x, y=y)
    if value % 3 == 0:
        raise ValueError("multiple of three: {}".format(value))
    if value % 3 == 1:
        raise signals.SKIP("one too many: {}".format(value))
    return value


def early(*, x=None, y=None):
    if combine(x=x, y=y) % 2:
        raise signals.SUCCESS("odd", result=[x, y])
    raise signals.FAIL("even", result=[x, y])


def flaky(*, x=None, y=None):
    if prefect.context.task_run_count < 2:
        raise ValueError("first run")
    return combine(x=x, y=y)


def looping(*, x=None, y=None):
    count = prefect.context.get("task_loop_count", 1)
    if count < 3:
        raise signals.LOOP("again", result=count)
    return combine(x=x, y=y) + prefect.context.task_loop_result


def show(*, x=None, y=None):
    return [repr(x), repr(y)]


def make_task(rng, name):
    kind = rng.randrange(14)
    options = {
        "name": name,
        "trigger": rng.choice(TRIGGERS),
        "skip_on_upstream_skip": rng.random() < 0.6,
        "tags": rng.choice([[], [], ["a"], ["a", "b"]]),
    }
    if kind < 2:
        return task(give_list(rng.randrange(5)), **options), 1
    if kind == 2:
        return task(give_nested(rng.randrange(5)), **options), 2
    if kind == 3:
        return task(number(rng.randrange(5)), **options), 0
    if kind == 4:
        return task(flaky, max_retries=1, retry_delay=timedelta(0), **options), 0
    if kind == 5:
        return task(looping, **options), 0
    return task(rng.choice([combine, combine, picky, early, show]), **options), 0


def annotate(rng, value, lists):
    if value in lists and rng.random() < 0.7:
        return mapped(flatten(value)) if lists[value] == 2 and rng.random() < 0.7 else mapped(value)
    return rng.choice([lambda v: v, lambda v: v, lambda v: v, unmapped, flatten, mapped])(value)


def make_flow(seed):
    rng = random.Random(seed)
    with Flow("random-{}".format(seed)) as made:
        known = [Parameter("p", default=rng.choice([1, [1, 2, 3], [1, 2, 3], None]))]
        lists = {known[0]: 1} if known[0].default == [1, 2, 3] else {}
        for i in range(rng.randrange(4, 10)):
            t, depth = make_task(rng, "t{}".format(i))
            arguments = {}
            for key in ("x", "y"):
                choice = rng.random()
                if choice < 0.6:
                    arguments[key] = annotate(rng, rng.choice(known), lists)
                elif choice < 0.7:
                    arguments[key] = rng.choice([3, [1, 2], [[1], [2, 3]]])
            after = [rng.choice(known)] if rng.random() < 0.2 else None
            if rng.random() < 0.15:
                with case(rng.choice(known), rng.choice([0, 1, 2])):
                    known.append(t(upstream_tasks=after, **arguments))
            elif rng.random() < 0.1 and len(known) > 2:
                known.append(merge(*rng.sample(known[1:], 2)))
                known[-1].name = "merge {}".format(i)
            else:
                known.append(t(upstream_tasks=after, **arguments))
            depth += any(getattr(a, "annotations", {}).get("mapped") for a in arguments.values())
            if depth:
                lists[known[-1]] = depth
        made.add_task(known[0])
        if rng.random() < 0.3:
            made.set_reference_tasks([rng.choice(sorted(made.tasks, key=lambda t: t.name))])
    return made


flow = make_flow(0)


def run(made):
    def runner(states):
        return FlowRunner(made).run(return_tasks=made.tasks, task_states=states)

    state = runner(None)
    for _ in range(2):
        if isinstance(state.result, dict) and not state.is_finished():
            state = runner(dict(state.result))
    return state


def execute(flow):
    states = []
    for seed in range(*SEEDS):
        made = make_flow(seed)
        for t in made.tasks:
            if t.name.startswith("case("):
                t.name = "case of {}".format(sorted(e.name for e in made.downstream_tasks(t)))
            elif type(t).__name__ in ("List", "Constant"):
                t.name = "{} of {}".format(t.name, sorted(e.name for e in made.downstream_tasks(t)))
        states.append(run(made))
    return states
