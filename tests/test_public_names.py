"""The public names: adding one or dropping one is a decision, so it has to be written here too."""

from __future__ import annotations

import importlib

import pytest

PUBLIC = {
    "prefect_results": """
        Flow Parameter State Task apply_map case config context flatten mapped resource_manager
        tags task unmapped
    """,
    "prefect_results.caching": """
        IsolationLevel all_inputs all_parameters duration_only hash_inputs never_use
        partial_inputs_only partial_parameters_only tokenize
    """,
    "prefect_results.caching.locks": "LockManager MemoryLockManager StorageLockManager is_lock",
    "prefect_results.compat": "install is_installed uninstall",
    "prefect_results.core": """
        DateTimeParameter Edge EdgeAnnotation Flow FunctionTask Parameter Task apply_map as_task
        defaults_from_attrs flatten mapped pause_task tags task unmapped
    """,
    "prefect_results.engine": """
        FlowRunner TaskRunner get_default_executor_class get_default_flow_runner_class
        get_default_task_runner_class
    """,
    "prefect_results.executors": "DaskExecutor Executor LocalDaskExecutor LocalExecutor",
    "prefect_results.filesystems": """
        AzureFileSystem FSSpecFileSystem FileInfo FileSystem GCSFileSystem LocalFileSystem
        MemoryFileSystem Retries S3FileSystem Writer
    """,
    "prefect_results.progress": "Counts Showing TaskCount showing",
    "prefect_results.results": """
        AzureResult ConstantResult FSSpecResult GCSResult LocalResult NoResult NoResultType
        PrefectResult Result ResultNotImplementedError S3Result SecretResult StoredResult
        read_many register_result_type register_secret_type result_type result_type_name
        result_types
    """,
    "prefect_results.schedules": """
        CronSchedule IntervalSchedule RRuleSchedule Schedule adjustments clocks filters schedules
    """,
    "prefect_results.serializers": """
        CompressedSerializer DateTimeSerializer DetectSerializer JSONSerializer PandasSerializer
        PickleSerializer ResultSerializer Serializer UnknownSerializer register_serializer
        serializer_from_config serializer_name serializer_type
    """,
    "prefect_results.signals": """
        ENDRUN FAIL LOOP PAUSE PrefectStateSignal RETRY SKIP SUCCESS TRIGGERFAIL VALIDATIONFAIL
        signal_from_state
    """,
    "prefect_results.states": """
        Cached Cancelled Cancelling ClientFailed Failed Finished Looped Mapped Paused Pending Queued
        Resume Retrying Running Scheduled Skipped State Submitted Success TimedOut TriggerFailed
        ValidationFailed register_codec
    """,
    "prefect_results.triggers": """
        all_failed all_finished all_successful always_run any_failed any_successful manual_only
        not_all_skipped some_failed some_successful
    """,
    "prefect_results.wire": """
        ObjectSchema OneOfSchema ResultSchema SerializerSchema StateResultSchema StateSchema
        UnknownResult codec register_state_type
    """,
}


def public_names(module_name: str) -> set[str]:
    """What a module says is public: its `__all__`, else what it defines without an underscore."""
    module = importlib.import_module(module_name)
    declared = getattr(module, "__all__", None)
    if declared is None:
        declared = [
            n for n, v in vars(module).items() if getattr(v, "__module__", "") == module_name
        ]
    return {name for name in declared if not name.startswith("_")}


@pytest.mark.parametrize("module_name", PUBLIC)
def test_the_public_names_are_these(module_name: str) -> None:
    """Each public module has the names that are listed here, no more and no fewer."""
    assert public_names(module_name) == set(PUBLIC[module_name].split())


@pytest.mark.parametrize("module_name", PUBLIC)
def test_each_public_name_is_there(module_name: str) -> None:
    """What `__all__` promises can be imported, also where it is loaded on first use."""
    module = importlib.import_module(module_name)
    missing = [name for name in PUBLIC[module_name].split() if not hasattr(module, name)]
    assert missing == []
