"""copy, replace, update, ==, and containment of flows."""

from prefect import Flow, Parameter, Task, task


@task
def inc(x):
    return x + 1


@task
def dec(x):
    return x - 1


with Flow("original") as original:
    p = Parameter("p", default=1)
    a = inc(p)
    b = inc(a)

flow = original.copy()
flow.name = "copied"
flow.replace(a, dec)
with Flow("other") as other:
    q = Parameter("q", default=10)
    c = dec(q, task_args=dict(name="c"))
flow.update(other)
with flow:
    inc(c, task_args=dict(name="last"))


def observe(flow, states):
    with Flow("same") as one:
        inc(Parameter("p", default=5))
    with Flow("same") as two:
        inc(Parameter("p", default=6))
    again = flow.copy()
    out = [
        flow == again,
        flow == original,
        len(original.tasks),
        a in original.tasks,
        a in flow.tasks,
    ]
    again.add_task(Task(name="new"))
    out += [flow == again, len(flow.tasks), len(again.tasks), repr(again)]
    try:
        one.update(two)
    except Exception as exc:
        out.append(exc)
    one.update(two, merge_parameters=True)
    out.append(len(one.tasks))
    out.append([flow.run(p=3).message, original.run(p=3).result[b].result])
    return out
