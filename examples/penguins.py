"""A flow over the Palmer penguins table, in the style of Prefect 1.

It has a Parameter, a retry that succeeds, a cached task, a mapped and a reduced task, checkpoints
with targets and a branch that is skipped. Run it with `python examples/penguins.py`, or see
`examples/demo.py`, which also shows what becomes of its results.
"""

from __future__ import annotations

import csv
from datetime import timedelta
from pathlib import Path

from prefect_results import Flow, Parameter, case, context, task, unmapped
from prefect_results.caching.validators import all_parameters
from prefect_results.results import LocalResult
from prefect_results.serializers import JSONSerializer

DATA = Path(__file__).parent / "data" / "penguins.csv"


@task(max_retries=2, retry_delay=timedelta(milliseconds=100))
def fetch(path):
    """Read the table; the first attempt fails, as a network would."""
    if context.task_run_count == 1:
        raise ConnectionError("the station does not answer")
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


@task(cache_for=timedelta(hours=1), cache_validator=all_parameters)
def parse(rows):
    """Keep the penguins that were weighed; asked again within the hour, it does not run."""
    return [
        {"species": row["species"], "grams": int(row["body_mass_g"])}
        for row in rows
        if row["body_mass_g"] != "NA"
    ]


@task
def weigh(row, grams_per_unit):
    """The mass of one penguin, in the unit asked for."""
    return row["species"], row["grams"] / grams_per_unit


@task
def group(weights):
    """All masses by species: the reduce step over the mapped one."""
    species = sorted({name for name, _ in weights})
    return [(name, [mass for other, mass in weights if other == name]) for name in species]


def make_flow(folder):
    """The flow, which keeps what it checkpoints under `folder`."""
    stored = LocalResult(dir=str(folder), serializer=JSONSerializer())

    @task(result=stored, target="{flow_name}/{task_name}/{map_index}.json")
    def describe(species_and_masses):
        """Count, mean and maximum for one species; skipped when its file is already there."""
        species, masses = species_and_masses
        mean = round(sum(masses) / len(masses), 3)
        return {"species": species, "n": len(masses), "mean": mean, "max": max(masses)}

    @task(result=stored, target="{flow_name}/heaviest.json")
    def heaviest(descriptions):
        """The species with the largest mean."""
        return max(descriptions, key=lambda description: description["mean"])["species"]

    @task
    def draw(descriptions):
        """Bars made of hashes, for those who ask for them."""
        return "\n".join(f"{d['species']:10} {'#' * round(d['mean'] * 8)}" for d in descriptions)

    with Flow("penguins") as flow:
        path = Parameter("path", default=str(DATA))
        grams_per_unit = Parameter("grams_per_unit", default=1000)
        chart = Parameter("chart", default=False)
        rows = parse(fetch(path))
        weights = weigh.map(rows, grams_per_unit=unmapped(grams_per_unit))
        descriptions = describe.map(group(weights))
        heaviest(descriptions)
        with case(chart, True):
            draw(descriptions)
    return flow


if __name__ == "__main__":
    state = make_flow("results").run()
    print(state)
