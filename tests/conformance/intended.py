"""Where this library means to differ from Prefect 1.4.1, each with the reason.

The comparison accepts what an entry here matches and nothing else; an entry that matches nothing
fails. The page `docs/conformance.md` lists them.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from tests.conformance.comparison import Difference


class Intended(NamedTuple):
    """One intended difference.

    Attributes:
        title: what differs, as the page says it.
        flow: regular expression that matches the whole name of the flow.
        path: regular expression found in the difference's path.
        reason: why.
        theirs: regular expression found in the text of what 1.4.1 says; anything if empty.
        ours: the same for what this library says.
        executors: regular expression that matches the whole name of the executor.
    """

    title: str
    flow: str
    path: str
    reason: str
    theirs: str = ""
    ours: str = ""
    executors: str = ".*"

    def covers(self, difference: Difference, executor: str = "local") -> bool:
        """True if this entry explains the difference, on an executor."""
        return bool(
            re.fullmatch(self.executors, executor)
            and re.fullmatch(self.flow, difference.flow)
            and re.search(self.path, difference.path)
            and re.search(self.theirs, str(difference.theirs))
            and re.search(self.ours, str(difference.ours))
        )


_TASK = "/result/value/tasks/[^/]+(/map_states/[0-9]+)?"

INTENDED: tuple[Intended, ...] = (
    Intended(
        "Retrying and Paused states carry their cached inputs",
        flow=".*",
        path=f"^/states/[0-9]+{_TASK}/cached_inputs/",
        theirs="^<absent>$",
        reason=(
            "1.4.1 stopped keeping inputs for a task that will run again, although its "
            "documentation says that it does. Here `cached_inputs` is a dictionary of Results, "
            "so such a task can run in another process."
        ),
    ),
    Intended(
        "The log says which cache is used, or why none is",
        flow="cache_.*",
        path="^/log/prefect.TaskRunner/",
        reason=(
            "1.4.1 warns that a cache is invalid when there is none yet, and says nothing when "
            "it uses one."
        ),
    ),
    Intended(
        "The log says which target is used",
        flow="target_.*",
        path="^/log/prefect.TaskRunner/",
        ours="Using the result found at target",
        reason="1.4.1 says nothing when it finds the result of a task at its target.",
    ),
    Intended(
        "The log says why a result is not persisted",
        flow=".*",
        path="^/log/prefect.FlowRunner/",
        theirs="^<absent>$",
        ours="Its result is not persisted",
        reason=(
            "A task with a result that could be written, in a run that does not checkpoint, is "
            "a frequent surprise; 1.4.1 is silent about it."
        ),
    ),
    Intended(
        "Errors of results name the task, the location and the type",
        flow=".*",
        path="(^/log/prefect.TaskRunner/|/message$|/value/([0-9]+/)?text$)",
        ours=(
            "UnserializableType|UnknownTemplateName|The value of the |The location template |"
            "Not implemented on the base Result class"
        ),
        reason=(
            "1.4.1 passes on what the serializer or `str.format` raised. The class of the error "
            "is still also the builtin one that a caller may catch."
        ),
    ),
    Intended(
        "Messages to who writes a flow say what to do, in words of our own",
        flow="apply_map_errors|context_object|parameter_in_middle|run_inside_context",
        path="^/(observed/([0-9]+/)?text|warnings/[0-9]+/1)$",
        theirs=(
            "variable positional arguments|`retry_delay` must be provided|^Pickling context|"
            "^Parameters must be root tasks|flow.run"
        ),
        reason="The class of the error, or of the warning, is the same.",
    ),
    Intended(
        "The Result of a secret knows the secret's name",
        flow="secrets",
        path=f"^/states/[0-9]+{_TASK}/result/location$",
        theirs="^None$",
        reason="A state with it can be sent away and read where the secret is known.",
    ),
    Intended(
        "The task that `ifelse` adds is of a class of its own",
        flow="switch_ifelse",
        path="^/flow/tasks/as_bool-[12]/class$",
        ours="_AsBool",
        reason="A module-level class can be pickled by reference; its name and slug are legacy's.",
    ),
    Intended(
        "Serializing a state serializes its result",
        flow="serialize_states",
        path="^/observed/[0-9]+/[0-9]$",
        theirs="^None$",
        reason="1.4.1 drops a value that was not written before the state is sent.",
    ),
    Intended(
        "Each argument is flattened once",
        flow="flatten_twice",
        path="^/(states|log)/",
        reason=(
            "1.4.1 flattens a mapped task again for each argument that takes it flattened, and, "
            "depending on the order of a set, also for arguments that take it as it is."
        ),
    ),
    Intended(
        "The cached inputs of a mapped task that is resumed are those of this run",
        flow="map_resume",
        path=f"^/states/[01]{_TASK}/cached_inputs/",
        reason="1.4.1 keeps the values that the upstream children had when the run was stopped.",
    ),
    Intended(
        "A cached state that is used again is kept once",
        flow="cache_key",
        path="^/observed/2$",
        reason="In 1.4.1 the list of cached states grows with each run that uses one.",
    ),
)


#: What differs on some executors only, as far as it does not on all.
ON_EXECUTORS: tuple[Intended, ...] = (
    Intended(
        "What a task leaves in the memory of its process stays there",
        executors="processes|dask",
        flow=(
            "cache_(dataframe_like|durations|key|mapped)|custom_task_runner|on_failure|"
            "schedule_dates|state_handlers_(flow|tasks)|target_(callable|template)"
        ),
        path="^/observed",
        reason="Tasks run in other processes; the flows that count calls in a list see none.",
    ),
    Intended(
        "Tasks do not change one another's values, nor counters of their module",
        executors="processes|dask",
        flow="cache_durations|loop_checkpoint_retry|loop_retries|resource_ok",
        path="^/states/",
        reason="The same: each process has copies of its own.",
    ),
    Intended(
        "A task runner that refers to the ambient context cannot be sent",
        executors="processes|dask",
        flow="custom_task_runner",
        path="^/states/",
        ours="The context cannot be pickled|TypeError|<absent>",
        reason="As in 1.4.1, `prefect.context` is not pickled; the class has to be importable.",
    ),
    Intended(
        "What cannot be pickled does not leave its process",
        executors="processes|dask",
        flow="exceptions_kinds|values_odd",
        path="^/states/",
        reason="Such an exception arrives as its text; such a result fails its task run.",
    ),
    Intended(
        "The value of a secret does not travel",
        executors="processes|dask",
        flow="secrets",
        path="^/states/",
        ours="None",
        reason=(
            "A state arrives with the secret's name, and who uses it fetches it there; the "
            "cluster's workers do not have the variable that the flow's process sets."
        ),
    ),
    Intended(
        "Dates within a second are over before processes have started",
        executors="processes|dask",
        flow="schedule_dates",
        path="^/(error|states)",
        ours="no more scheduled runs|<absent>",
        reason="The flow's first run, which starts the processes, takes longer than its schedule.",
    ),
    Intended(
        "Outside the main thread a time limit names the task",
        executors="threads|processes|dask",
        flow="timeouts",
        path="/result/value/text$",
        ours="Execution timed out for Task",
        reason="The task runs in a process of its own there; 1.4.1 words it in the same way.",
    ),
    Intended(
        "What runs at the same time is in no order",
        executors="threads",
        flow="cache_mapped|custom_task_runner|signals_flow_level",
        path="^/(observed|log/prefect.FlowRunner)",
        reason="The flows note in which order their tasks ran.",
    ),
    Intended(
        "An executor with several workers says that it cancels what runs",
        executors="threads",
        flow="map_over_missing_index|raise_on_exception",
        path="^/log/prefect.LocalDaskExecutor$",
        theirs="^<absent>$",
        reason="1.4.1 says the same on that executor; on one core there is nothing to cancel.",
    ),
)
