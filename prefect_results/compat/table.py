"""The one table of legacy names: where each name of Prefect 1.4.1 lives in this library.

Belongs here: the table, what to use instead of names that have no home, and looking names up.
The import hook, the codemod and the documentation read it. How an import is served does not
belong here; see `finder`.
"""

from __future__ import annotations

from typing import NamedTuple

#: Legacy module -> home. A text is the module that serves it under both names. A dictionary
#: assembles one: home module -> names there ("legacy=name" where they differ), and "*" for
#: everything that module has.
TABLE: dict[str, str | dict[str, str]] = {
    "prefect": {
        "prefect_results": (
            "Flow Task Parameter task tags apply_map case resource_manager mapped unmapped flatten "
            "config context"
        ),
        "prefect_results.backend.client": "Client",
    },
    "prefect.agent": {},
    "prefect.agent.local": {"prefect_results.backend.agent": "LocalAgent"},
    "prefect.agent.local.agent": {"prefect_results.backend.agent": "LocalAgent"},
    "prefect.backend": {
        "prefect_results.backend.views": "FlowRunView FlowView TaskRunView TenantView",
        "prefect_results.backend.kv_store": "set_key_value get_key_value delete_key list_keys",
        "prefect_results.backend.artifacts": (
            "create_link_artifact create_markdown_artifact delete_artifact update_link_artifact "
            "update_markdown_artifact"
        ),
    },
    "prefect.backend.artifacts": "prefect_results.backend.artifacts",
    "prefect.backend.flow": {"prefect_results.backend.views.flow": "FlowView"},
    "prefect.backend.flow_run": {
        "prefect_results.backend.views.flow_run": "FlowView TaskRunView",
        "prefect_results.backend.views.watching": (
            "FlowRunView FlowRunLog watch_flow_run stream_flow_run_logs "
            "check_for_compatible_agents time"
        ),
    },
    "prefect.backend.kv_store": "prefect_results.backend.kv_store",
    "prefect.backend.task_run": {
        "prefect_results.backend.views.task_run": "TaskRunView",
        "prefect_results.backend.views.results": "NotLoaded=NOT_LOADED",
    },
    "prefect.backend.tenant": {"prefect_results.backend.views.tenant": "TenantView"},
    "prefect.client": {
        "prefect_results.secrets": "Secret",
        "prefect_results.backend.client": "Client",
    },
    "prefect.client.client": {
        "prefect_results.backend.client": (
            "Client FlowRunInfoResult TaskRunInfoResult ProjectInfo GraphQLResult EnumValue "
            "compress parse_graphql with_args"
        ),
    },
    "prefect.client.secrets": "prefect_results.secrets",
    "prefect.configuration": "prefect_results.configuration",
    "prefect.core": {"prefect_results.core": "Task Parameter Edge Flow"},
    "prefect.core.edge": "prefect_results.core.edge",
    "prefect.core.flow": {
        "prefect_results.core.flow": "*",
        "prefect_results.core": "Edge Parameter Task as_task",
        "prefect_results.core.options": "callback_factory",
        "prefect_results.compat.run_configs": "RunConfig UniversalRun",
        "prefect_results.compat.storage": "Storage get_default_storage_class",
        "prefect_results.configuration": "set_temporary_config",
        "prefect_results.executors": "Executor",
        "prefect_results.results": "Result",
        "prefect_results.states": "State",
    },
    "prefect.core.parameter": "prefect_results.core.parameter",
    "prefect.core.task": {
        "prefect_results.core.task": "*",
        "prefect_results.core": "EdgeAnnotation as_task",
        "prefect_results.core.introspection": "EXTRA_CALL_PARAMETERS",
        "prefect_results.core.options": "callback_factory",
    },
    "prefect.engine": {
        "prefect_results.engine": (
            "FlowRunner TaskRunner get_default_executor_class get_default_flow_runner_class "
            "get_default_task_runner_class"
        ),
        "prefect_results.configuration": "config",
    },
    "prefect.engine.cache_validators": "prefect_results.caching.validators",
    "prefect.engine.executors": {
        "prefect_results.executors": "Executor LocalExecutor DaskExecutor LocalDaskExecutor",
    },
    "prefect.engine.executors.dask": {
        "prefect_results.executors": "DaskExecutor LocalDaskExecutor",
    },
    "prefect.engine.executors.local": {"prefect_results.executors": "LocalExecutor"},
    "prefect.engine.flow_runner": {
        "prefect_results.engine.flow_runner": "*",
        "prefect_results.core": "Edge Flow Task",
        "prefect_results.results": "ConstantResult Result",
        "prefect_results.states": "Failed Mapped Pending Running Scheduled State Success",
    },
    "prefect.engine.result": {
        "prefect_results.results": "Result NoResult NoResultType ResultNotImplementedError",
    },
    "prefect.engine.result.base": {
        "prefect_results.results": "Result NoResult NoResultType ResultNotImplementedError",
        "prefect_results.serializers": "PickleSerializer Serializer",
    },
    "prefect.engine.results": {
        "prefect_results.results": (
            "ConstantResult GCSResult LocalResult PrefectResult AzureResult S3Result SecretResult"
        ),
    },
    "prefect.engine.results.azure_result": {"prefect_results.results": "AzureResult Result"},
    "prefect.engine.results.gcs_result": {"prefect_results.results": "GCSResult Result"},
    "prefect.engine.results.s3_result": {"prefect_results.results": "S3Result Result"},
    "prefect.engine.results.constant_result": {"prefect_results.results": "ConstantResult Result"},
    "prefect.engine.results.local_result": {"prefect_results.results": "LocalResult Result"},
    "prefect.engine.results.prefect_result": {"prefect_results.results": "PrefectResult Result"},
    "prefect.engine.results.secret_result": {"prefect_results.results": "SecretResult Result"},
    "prefect.engine.runner": "prefect_results.engine.runner",
    "prefect.engine.serializers": "prefect_results.serializers",
    "prefect.engine.signals": "prefect_results.signals",
    "prefect.engine.state": "prefect_results.states",
    "prefect.engine.task_runner": {
        "prefect_results.engine.task_runner": "*",
        "prefect_results.core": "Edge Task",
        "prefect_results.compat.helpers": "tail_recursive",
        "prefect_results.exceptions": "TaskTimeoutSignal",
        "prefect_results.results": "Result ResultNotImplementedError",
        "prefect_results.states": (
            "Cached Failed Looped Mapped Paused Pending Resume Retrying Running Scheduled "
            "Skipped State Success TimedOut TriggerFailed"
        ),
    },
    "prefect.exceptions": "prefect_results.exceptions",
    "prefect.executors": {
        "prefect_results.executors": "Executor LocalExecutor DaskExecutor LocalDaskExecutor",
    },
    "prefect.executors.base": "prefect_results.executors.base",
    "prefect.executors.dask": "prefect_results.executors.dask",
    "prefect.executors.local": "prefect_results.executors.local",
    "prefect.run_configs": {
        "prefect_results.compat.run_configs": (
            "RunConfig UniversalRun KubernetesRun LocalRun DockerRun ECSRun VertexRun"
        ),
    },
    "prefect.run_configs.base": {"prefect_results.compat.run_configs": "RunConfig UniversalRun"},
    "prefect.run_configs.docker": {"prefect_results.compat.run_configs": "DockerRun"},
    "prefect.run_configs.ecs": {"prefect_results.compat.run_configs": "ECSRun"},
    "prefect.run_configs.kubernetes": {"prefect_results.compat.run_configs": "KubernetesRun"},
    "prefect.run_configs.local": {"prefect_results.compat.run_configs": "LocalRun"},
    "prefect.run_configs.vertex": {"prefect_results.compat.run_configs": "VertexRun"},
    "prefect.schedules": {
        "prefect_results.schedules": "Schedule IntervalSchedule CronSchedule RRuleSchedule",
    },
    "prefect.schedules.adjustments": "prefect_results.schedules.adjustments",
    "prefect.schedules.clocks": "prefect_results.schedules.clocks",
    "prefect.schedules.filters": "prefect_results.schedules.filters",
    "prefect.schedules.schedules": "prefect_results.schedules.schedules",
    "prefect.serialization": {},
    "prefect.serialization.edge": {"prefect_results.core.schemas": "EdgeSchema TaskSchema"},
    "prefect.serialization.flow": {
        "prefect_results.core.schemas": "FlowSchema EdgeSchema ParameterSchema TaskSchema",
        "prefect_results.core.schedule_schemas": "ScheduleSchema",
    },
    "prefect.serialization.result": {
        "prefect_results.wire": "StateResultSchema",
        "prefect_results.compat.schemas": (
            "ResultSchema NoResultSchema AzureResultSchema ConstantResultSchema GCSResultSchema "
            "LocalResultSchema PrefectResultSchema S3ResultSchema SecretResultSchema"
        ),
    },
    "prefect.serialization.schedule": "prefect_results.core.schedule_schemas",
    "prefect.serialization.state": {
        "prefect_results.wire": "StateSchema StateResultSchema",
        "prefect_results.compat.schemas": (
            "BaseStateSchema PendingSchema MetaStateSchema ClientFailedSchema SubmittedSchema "
            "QueuedSchema ScheduledSchema ResumeSchema RetryingSchema RunningSchema "
            "CancellingSchema FinishedSchema LoopedSchema SuccessSchema CachedSchema MappedSchema "
            "FailedSchema CancelledSchema TimedOutSchema TriggerFailedSchema "
            "ValidationFailedSchema SkippedSchema PausedSchema"
        ),
    },
    "prefect.serialization.task": {
        "prefect_results.core.schemas": "TaskMethodsMixin TaskSchema ParameterSchema",
    },
    "prefect.storage": {
        "prefect_results.compat.storage": (
            "Storage Azure Bitbucket CodeCommit Docker GCS Git GitHub GitLab Local Module S3 "
            "Webhook get_default_storage_class"
        ),
    },
    "prefect.storage.base": {"prefect_results.compat.storage": "Storage"},
    "prefect.storage.local": {"prefect_results.compat.storage": "Local"},
    "prefect.tasks": {"prefect_results": "Task"},
    "prefect.tasks.control_flow": {
        "prefect_results.tasks.control_flow": "ifelse switch merge case FilterTask",
    },
    "prefect.tasks.control_flow.case": "prefect_results.tasks.control_flow.case",
    "prefect.tasks.control_flow.conditional": "prefect_results.tasks.control_flow.conditional",
    "prefect.tasks.control_flow.filter": "prefect_results.tasks.control_flow.filter",
    "prefect.tasks.core": {},
    "prefect.tasks.core.collections": "prefect_results.tasks.core.collections",
    "prefect.tasks.core.constants": "prefect_results.tasks.core.constants",
    "prefect.tasks.core.function": "prefect_results.tasks.core.function",
    "prefect.tasks.core.operators": "prefect_results.tasks.core.operators",
    "prefect.tasks.core.resource_manager": "prefect_results.tasks.core.resource_manager",
    "prefect.tasks.prefect": {
        "prefect_results.backend.tasks": (
            "CancelFlowRun RenameFlowRun StartFlowRun create_flow_run get_task_run_result "
            "wait_for_flow_run"
        ),
    },
    "prefect.tasks.prefect.flow_run": "prefect_results.backend.tasks.flow_run",
    "prefect.tasks.prefect.flow_run_cancel": "prefect_results.backend.tasks.flow_run_cancel",
    "prefect.tasks.prefect.flow_run_rename": "prefect_results.backend.tasks.flow_run_rename",
    "prefect.tasks.secrets": {
        "prefect_results.tasks.secrets": "SecretBase PrefectSecret EnvVarSecret",
    },
    "prefect.tasks.secrets.base": "prefect_results.tasks.secrets.base",
    "prefect.tasks.secrets.env_var": "prefect_results.tasks.secrets.env_var",
    "prefect.triggers": "prefect_results.triggers",
    "prefect.utilities": {},
    "prefect.utilities.collections": "prefect_results.collections",
    "prefect.utilities.configuration": {
        "prefect_results.configuration": "set_temporary_config Config",
    },
    "prefect.utilities.context": "prefect_results.context",
    "prefect.utilities.debug": "prefect_results.debug",
    "prefect.utilities.diagnostics": "prefect_results.core.diagnostics",
    "prefect.utilities.edges": "prefect_results.core.annotations",
    "prefect.utilities.datetimes": {"prefect_results.compat.helpers": "retry_delay"},
    "prefect.utilities.executors": {
        "prefect_results.engine.timeouts": (
            "run_task_with_timeout run_with_thread_timeout run_with_multiprocess_timeout"
        ),
        "prefect_results.engine.retry": "RecursiveCall",
        "prefect_results.engine.mapping": "flatten_upstream_state flatten_mapped_children",
        "prefect_results.compat.helpers": ("tail_recursive multiprocessing_safe_run_and_retrieve"),
        "prefect_results.exceptions": "PrefectSignal TaskTimeoutSignal",
    },
    "prefect.utilities.graphql": "prefect_results.backend.client.graphql",
    "prefect.utilities.importtools": {"prefect_results.compat.helpers": "import_object"},
    "prefect.utilities.logging": {
        "prefect_results.logging": "*",
        "prefect_results.run_logs": (
            "MAX_LOG_SIZE MAX_BATCH_LOG_SIZE LOG_OVERHEAD getlogsize LogManager CloudHandler "
            "LOG_MANAGER"
        ),
    },
    "prefect.utilities.notifications": {
        "prefect_results.notifications": (
            "callback_factory slack_notifier gmail_notifier slack_message_formatter jira_notifier "
            "snowflake_logger snowflake_message_formatter"
        ),
    },
    "prefect.utilities.notifications.jira_notification": "prefect_results.notifications.jira",
    "prefect.utilities.notifications.notifications": {
        "prefect_results.notifications.handlers": "*",
        "prefect_results.notifications": "callback_factory",
        "prefect_results.notifications.snowflake": "snowflake_logger snowflake_message_formatter",
    },
    "prefect.utilities.serialization": {
        "prefect_results.core.schema_fields": "*",
        "prefect_results.core.object_schema": "ObjectSchemaOptions",
    },
    "prefect.utilities.tasks": {
        "prefect_results.core": "apply_map as_task defaults_from_attrs pause_task tags task",
    },
}

#: Legacy name, or the beginning of one -> what to use instead.
ALTERNATIVES: dict[str, str] = {
    "prefect.agent": "LocalAgent of prefect.agent.local, or flow.run() from cron or systemd",
    "prefect.api": "it was always empty; import the module that has the name",
    "prefect.artifacts": "the functions of prefect.backend.artifacts",
    "prefect.backend": "prefect_results.backend, where recorded runs live",
    "prefect.cli": "run a flow file with `python -m prefect_results.compat FILE`",
    "prefect.engine.cloud": "FlowRunner and TaskRunner of prefect_results.engine",
    "prefect.environments": "the executor= argument of Flow",
    "prefect.models": "it was always empty; import the module that has the name",
    "prefect.plugins": "it was always empty; import the module that has the name",
    "prefect.serialization.run_config": "RunConfig.serialize() of prefect_results.compat",
    "prefect.serialization.storage": "Storage.serialize() of prefect_results.compat",
    "prefect.tasks": "write a @task around the client library that the legacy task wrapped",
    "prefect.utilities.filesystems": "pathlib, fsspec, or prefect_results.filesystems",
    "prefect.utilities.notifications": "a state handler that calls your messenger's own client",
    "prefect.utilities.storage": "Flow.save and Flow.load",
}


class Home(NamedTuple):
    """Where a name lives: `attribute` of `module`, or the module itself if it is empty."""

    module: str
    attribute: str = ""

    def __str__(self) -> str:
        return f"{self.module}.{self.attribute}" if self.attribute else self.module


_names: dict[str, dict[str, Home]] = {}


def names_of(module: str) -> dict[str, Home]:
    """The names that the table lists for an assembled legacy module, with their homes.

    Args:
        module: dotted name of a legacy module in the table.

    Returns:
        Homes by legacy name; empty for a module that is served whole by one of ours.
    """
    names = _names.get(module)
    if names is None:
        names = _names[module] = {}
        entry = TABLE[module]
        for home, listed in entry.items() if isinstance(entry, dict) else ():
            for pair in listed.split() if listed != "*" else ():
                legacy, _, ours = pair.partition("=")
                names[legacy] = Home(home, ours or legacy)
    return names


def whole_homes(module: str) -> tuple[str, ...]:
    """The modules of ours that serve all their names under a legacy module's name."""
    entry = TABLE[module]
    if isinstance(entry, str):
        return (entry,)
    return tuple(home for home, listed in entry.items() if listed == "*")


def children_of(module: str) -> tuple[str, ...]:
    """Last parts of the names of the legacy modules directly inside one."""
    start = module + "."
    rest = (name[len(start) :] for name in TABLE if name.startswith(start))
    return tuple(name for name in rest if "." not in name)


def find(dotted: str) -> Home | None:
    """Where a legacy dotted name lives, or None if the table has no home for it.

    Args:
        dotted: such as `prefect.engine.state` or `prefect.engine.state.Success`.

    Returns:
        Its home. For a module assembled from names, which has no single home, None too; for a
        name of a module that is served whole, the home is given without looking whether it
        exists.
    """
    entry = TABLE.get(dotted)
    if entry is not None:
        return Home(entry) if isinstance(entry, str) else None
    module, _, name = dotted.rpartition(".")
    if module not in TABLE:
        return None
    listed = names_of(module).get(name)
    if listed is not None:
        return listed
    whole = whole_homes(module)
    return Home(whole[0], name) if whole else None


def advice(dotted: str) -> str:
    """One sentence saying that a legacy name has no home here, and what to use instead."""
    instead, start = "", dotted
    while start and not instead:
        instead = ALTERNATIVES.get(start, "")
        start = start.rpartition(".")[0]
    told = f"{dotted} of Prefect 1.4.1 has no home in prefect_results"
    if instead:
        return f"{told}; use instead: {instead}"
    homes = [name for name in TABLE if dotted.rpartition(".")[2] in names_of(name)]
    if homes:
        return f"{told}; did you mean {homes[0]}.{dotted.rpartition('.')[2]}?"
    return f"{told}; docs/conformance.md lists the names that have one"
