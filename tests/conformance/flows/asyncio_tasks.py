"""Event loops in tasks, and the context in them."""

import asyncio

import prefect
from prefect import Flow, task


@task
def loop(x):
    async def go():
        await asyncio.sleep(0)
        return [x, prefect.context.get("task_name")]

    return asyncio.run(go())


@task
def to_thread(x):
    async def go():
        return await asyncio.to_thread(lambda: prefect.context.get("task_name"))

    return asyncio.run(go())


with Flow("asyncio-tasks") as flow:
    loop.map([1, 2])
    to_thread(1)
