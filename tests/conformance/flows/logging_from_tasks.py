"""Task loggers from context and from the task, with levels, in mapped children too."""

import prefect
from prefect import Flow, Task, task
from prefect.utilities.logging import get_logger


@task
def speak(x):
    logger = prefect.context.get("logger")
    logger.info("info %s", x)
    logger.warning("warn")
    logger.error("err")
    return logger.name


class Own(Task):
    def run(self):
        self.logger.critical("from self")
        get_logger("mine").info("from mine")
        get_logger().info("from root")
        return [
            self.logger.name,
            get_logger("mine").name,
            get_logger().name,
            get_logger("a.b").name,
        ]


with Flow("logging") as flow:
    speak(1)
    speak.map([2, 3], task_args=dict(name="mapped"))
    Own(name="own")()
