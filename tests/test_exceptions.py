"""The tree of errors."""

from __future__ import annotations

import pickle

import pytest

from prefect_results import exceptions

ALL = [
    cls
    for cls in vars(exceptions).values()
    if isinstance(cls, type) and issubclass(cls, BaseException)
]
BUILTINS = {
    "ConfigurationError": ValueError,
    "ImmutableError": AttributeError,
    "MissingExtra": ImportError,
    "SerializationError": ValueError,
    "DeserializationError": ValueError,
    "StorageError": OSError,
    "NotFound": FileNotFoundError,
    "PermissionDenied": PermissionError,
    "Conflict": FileExistsError,
    "Unavailable": ConnectionError,
    "Corrupt": ValueError,
    "UnsafeLocation": ValueError,
}


@pytest.mark.parametrize("cls", ALL)
def test_message_is_optional_and_survives_pickling(cls):
    """Each error can be raised with and without words, and travels between processes."""
    assert str(cls()) == ""
    copy = pickle.loads(pickle.dumps(cls("words")))
    assert type(copy) is cls
    assert str(copy) == "words"


@pytest.mark.parametrize("cls", ALL)
def test_one_base_for_errors_and_one_for_signals(cls):
    """An error is a PrefectError; a signal passes through `except Exception`."""
    signal = issubclass(cls, exceptions.PrefectSignal)
    assert signal is not issubclass(cls, exceptions.PrefectError)
    assert signal is not issubclass(cls, Exception)


@pytest.mark.parametrize("name", sorted(BUILTINS))
def test_leaf_is_also_the_builtin(name):
    """A caller who knows only Python's own errors catches ours."""
    assert issubclass(getattr(exceptions, name), BUILTINS[name])


def test_legacy_names():
    """The names and bases of Prefect 1.4.1 are kept."""
    assert exceptions.PrefectException is exceptions.PrefectError
    assert issubclass(exceptions.AuthorizationError, exceptions.ClientError)
    assert issubclass(exceptions.ObjectNotFoundError, exceptions.ClientError)
    assert issubclass(exceptions.FlowStorageError, exceptions.PrefectException)
    assert issubclass(exceptions.VersionLockMismatchSignal, exceptions.PrefectSignal)


def test_storage_error_carries_its_location():
    """The location is data, not only words, also after pickling."""
    error = exceptions.NotFound("nothing there", location="a/b")
    assert pickle.loads(pickle.dumps(error)).location == "a/b"


def test_missing_extra_says_what_to_install():
    """The message names the module and the extra."""
    error = exceptions.MissingExtra(package="fsspec", extra="s3")
    assert "fsspec is not installed" in str(error)
    assert "prefect_results[s3]" in str(error)
    assert error.extra == "s3"
