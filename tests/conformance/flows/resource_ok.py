"""A resource manager: setup, use, cleanup."""

from prefect import Flow, Parameter, resource_manager, task


@resource_manager
class Cluster:
    def __init__(self, size=1):
        self.size = size

    def setup(self):
        return {"size": self.size}

    def cleanup(self, cluster):
        cluster["closed"] = True


@task
def use(cluster, x):
    return [cluster["size"], x]


@task
def free(x):
    return x


with Flow("resource") as flow:
    size = Parameter("size", default=3)
    with Cluster(size) as cluster:
        a = use(cluster, 1)
        b = free(a)
        c = free(2, task_args=dict(name="not using"))
    free(b, task_args=dict(name="after"))
