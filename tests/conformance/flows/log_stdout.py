"""Prints of a task go to its log."""

from prefect import Flow, task


@task(log_stdout=True)
def talk(x):
    print("first", x)
    print("second\nthird", end="")
    print()
    print("")
    return x


@task
def quiet():
    print("not logged")


with Flow("log-stdout") as flow:
    talk("hello")
    talk.map([1, 2], task_args=dict(name="talk mapped"))
    quiet()
