"""A parameter that parses dates."""

from prefect import Flow, task
from prefect.core.parameter import DateTimeParameter


@task
def year(when):
    return None if when is None else when.year


with Flow("parameter-datetime") as flow:
    start = DateTimeParameter("start")
    end = DateTimeParameter("end", required=False)
    year(start)
    year(end)

runs = [
    {"start": "2020-03-04T05:06:07+00:00"},
    {"start": "2020-03-04", "end": "2021-01-01T00:00:00Z"},
    {"start": "not a date"},
]
