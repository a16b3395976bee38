"""Every error and control-flow signal base that this library raises on purpose.

What belongs here: exception classes, the data they carry and the words they print. What does
not: the signals that carry a state (`prefect_results.signals`), and anything that decides *when*
to raise.

The tree::

    PrefectSignal (BaseException)           bypasses ``except Exception`` in user code
    ├── TaskTimeoutSignal
    └── VersionLockMismatchSignal
    PrefectError (Exception)                alias: PrefectException, the name of Prefect 1.4.1
    ├── ClientError
    │   ├── AuthorizationError
    │   ├── ObjectNotFoundError
    │   └── ApiUnavailable     (ConnectionError)
    ├── FlowStorageError
    ├── ConfigurationError     (ValueError)
    ├── ImmutableError         (AttributeError)
    ├── MissingExtra           (ImportError)
    ├── LegacyNameError        (ImportError)
    ├── LegacyClash            (RuntimeError)
    ├── UnknownTemplateName    (KeyError)
    ├── MalformedTemplate      (ValueError)
    ├── SerializationError     (ValueError)
    │   └── UnserializableType (TypeError)
    ├── DeserializationError   (ValueError)
    ├── RunLookupError         (ValueError, LookupError)    what a view asks for is not recorded
    │   ├── FlowNotFound
    │   ├── FlowRunNotFound
    │   └── TaskRunNotFound
    ├── ResultUnavailable                   a recorded run has no result that can be loaded
    │   ├── RunNotFinished     (ValueError)
    │   ├── ResultNotKept      (TypeError)
    │   ├── ResultWithoutLocation (ValueError)
    │   └── UnknownResultType  (TypeError)
    ├── WaitTimedOut           (RuntimeError, TimeoutError)
    ├── LockError                           a lock of a cached value
    │   ├── LockCycle          (RuntimeError)
    │   ├── LockLost           (RuntimeError)
    │   └── LockTimedOut       (TimeoutError)
    ├── StoreError                          the run store, not where results lie
    │   ├── RecordNotFound     (LookupError)
    │   ├── RecordExists       (ValueError)
    │   ├── VersionConflict    (RuntimeError)
    │   ├── StoreUnavailable   (ConnectionError)
    │   └── StoreSchemaError   (RuntimeError)
    └── StorageError           (OSError)
        ├── NotFound           (FileNotFoundError)
        ├── PermissionDenied   (PermissionError)
        ├── Conflict           (FileExistsError)
        ├── Unavailable        (ConnectionError)
        ├── Corrupt            (ValueError)
        └── UnsafeLocation     (ValueError)

Each leaf is also the builtin in brackets, so a caller can catch either.
"""

from __future__ import annotations

TYPE_CHECKING = False  # spares the import of typing
if TYPE_CHECKING:
    from collections.abc import Sequence

    from prefect_results.backend.store.records import Outcome


class PrefectSignal(BaseException):
    """Base of what unwinds a task run on purpose; not an error (Prefect 1.4.1).

    Args:
        message: What happened; empty by default.
    """

    def __init__(self, message: str = "") -> None:
        super().__init__(message)


class TaskTimeoutSignal(PrefectSignal):
    """A task ran longer than its `timeout`."""


class VersionLockMismatchSignal(PrefectSignal):
    """A task run's state was changed elsewhere since this process last read it."""


class PrefectError(Exception):
    """Base of every error that this library raises on purpose.

    Args:
        message: What was expected, what was found and what to do; empty by default.
    """

    def __init__(self, message: str = "") -> None:
        super().__init__(message)


PrefectException = PrefectError


class ClientError(PrefectError):
    """The API could not be reached, or answered with an error."""


class AuthorizationError(ClientError):
    """The API refused the credentials that were sent."""


class ObjectNotFoundError(ClientError):
    """The API knows no object with the given id or name."""


class ApiUnavailable(ClientError, ConnectionError):
    """The API cannot be reached, or does not answer; trying again later may work."""


class FlowStorageError(PrefectError):
    """A flow could not be loaded from where it is stored."""


class ConfigurationError(PrefectError, ValueError):
    """A configuration file, key or environment variable cannot be used."""


class ImmutableError(PrefectError, AttributeError):
    """An attribute of a frozen object was assigned or deleted."""


class MissingExtra(PrefectError, ImportError):
    """An optional dependency is not installed.

    Args:
        message: The whole message; made from the other two arguments when empty.
        package: Name of the module that could not be imported.
        extra: Name of the extra of this distribution that installs it.
    """

    def __init__(self, message: str = "", *, package: str = "", extra: str = "") -> None:
        if not message and extra:
            message = (
                f"{package or extra} is not installed; it comes with "
                f"`pip install 'prefect_results[{extra}]'`"
            )
        super().__init__(message)
        self.package = package
        self.extra = extra


class ClusterUnavailable(PrefectError, RuntimeError):
    """The processes of a cluster that a flow run was to have did not start, or it lost them."""


class LegacyNameError(PrefectError, ImportError):
    """A name of Prefect 1.4.1 has no home in this library; the message says what to use instead."""


class LegacyClash(PrefectError, RuntimeError):
    """The name `prefect` can't be served here, as another Prefect is imported already."""


class UnknownTemplateName(PrefectError, KeyError):
    """A location or name template asks for a value that is not there."""

    def __str__(self) -> str:
        return Exception.__str__(self)


class MalformedTemplate(PrefectError, ValueError):
    """A location template is not one that `str.format` can fill."""


class SerializationError(PrefectError, ValueError):
    """A value could not be turned into bytes or JSON."""


class UnserializableType(SerializationError, TypeError):
    """A value is of a type that its serializer cannot handle."""


class DeserializationError(PrefectError, ValueError):
    """Bytes or JSON could not be turned back into a value."""


class StorageError(PrefectError, OSError):
    """A filesystem could not do what was asked.

    Args:
        message: What went wrong and where.
        location: The location that was asked for, when there is one.
    """

    def __init__(self, message: str = "", *, location: str | None = None) -> None:
        super().__init__(message)
        self.location = location


class NotFound(StorageError, FileNotFoundError):
    """Nothing lies at the location."""


class PermissionDenied(StorageError, PermissionError):
    """The storage refused access to the location."""


class Conflict(StorageError, FileExistsError):
    """Something lies at the location already and must not be replaced."""


class Unavailable(StorageError, ConnectionError):
    """The storage could not be reached; trying again later may work."""


class Corrupt(StorageError, ValueError):
    """What lies at the location is empty, truncated or not what was written."""


class UnsafeLocation(StorageError, ValueError):
    """A location would leave the root of its filesystem."""


class StoreError(PrefectError):
    """The run store could not do what was asked."""


class RecordNotFound(StoreError, LookupError):
    """The run store has no such record."""


class RecordExists(StoreError, ValueError):
    """The run store has a record with this name or id already."""


class VersionConflict(StoreError, RuntimeError):
    """A run's state was set by another writer since this one read it.

    Args:
        message: Which runs, the versions that were expected and those that are stored.
        outcomes: What became of each state that was to be set, in order.
    """

    def __init__(self, message: str = "", *, outcomes: Sequence[Outcome] = ()) -> None:
        super().__init__(message)
        self.outcomes = tuple(outcomes)


class StoreUnavailable(StoreError, ConnectionError):
    """The run store cannot be reached or stays locked; trying again later may work."""


class StoreSchemaError(StoreError, RuntimeError):
    """The tables of the run store are not those that this release knows."""


class RunLookupError(PrefectError, ValueError, LookupError):
    """What a view was asked for is not recorded.

    Args:
        message: What was looked for and what there is instead.
        suggestions: Names that exist and look like the one asked for, the nearest first.
    """

    def __init__(self, message: str = "", *, suggestions: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.suggestions = tuple(suggestions)


class FlowNotFound(RunLookupError):
    """There is no such registered flow, or more than one."""


class FlowRunNotFound(RunLookupError):
    """There is no such flow run."""


class TaskRunNotFound(RunLookupError):
    """There is no such task run."""


class ResultUnavailable(PrefectError):
    """A recorded run has no result that can be loaded."""


class RunNotFinished(ResultUnavailable, ValueError):
    """The run, or a child of a mapped one, is not finished: there is no result yet."""


class ResultNotKept(ResultUnavailable, TypeError):
    """The run ended without a result, such as one that failed before its task returned."""


class ResultWithoutLocation(ResultUnavailable, ValueError):
    """The result's type stores values, but this one was not stored anywhere."""


class UnknownResultType(ResultUnavailable, TypeError):
    """The result is of a type that is not registered in this process."""


class WaitTimedOut(PrefectError, TimeoutError, RuntimeError):
    """A flow run was not finished within the time that was given."""


class LockError(PrefectError):
    """What is wrong with a lock of a cached value.

    Args:
        message: What was locked, and what to do.
        key: What the lock is of.
    """

    def __init__(self, message: str = "", *, key: str = "") -> None:
        super().__init__(message)
        self.key = key


class LockCycle(LockError, RuntimeError):
    """A run wants the lock that a run holds which it is a part of, and so would wait for itself."""


class LockLost(LockError, RuntimeError):
    """The lock is not held, or not any longer: another one took over."""


class LockTimedOut(LockError, TimeoutError):
    """The lock was not free within the time that was given."""
