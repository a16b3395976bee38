"""`date` given in context: as a date, as text, and as what can't be parsed."""

import pendulum
import prefect
from prefect import Flow, task


@task
def show():
    c = prefect.context
    return (
        [c.today, c.yesterday, c.tomorrow_nodash, type(c.date).__name__]
        if c.today < "2024"
        else "now"
    )


with Flow("context-date") as flow:
    show()

runs = [
    {"context": {"date": pendulum.datetime(2019, 5, 1, 3)}},
    {"context": {"date": "2018-01-01T00:00:00"}},
    {"context": {"date": "2018-01-01", "today": "mine"}},
    {"context": {"date": "never"}},
    {"context": {"date": 5}},
]
