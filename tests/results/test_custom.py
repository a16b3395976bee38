"""Result types of users, as Prefect 1.4.1 taught to write them."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from prefect_results.exceptions import ImmutableError
from prefect_results.filesystems import MemoryFileSystem
from prefect_results.results import (
    LocalResult,
    PrefectResult,
    Result,
    StoredResult,
    register_result_type,
    result_type,
)
from prefect_results.serializers import JSONSerializer

STORE: dict[str, bytes] = {}


class DictResult(Result):
    """Assigns to its copies, keeps a client that cannot be pickled, counts in its `__init__`."""

    def __init__(self, bucket: str = "b", **kwargs: Any) -> None:
        self.bucket = bucket
        super().__init__(**kwargs)
        self.client: Any = lambda: None
        self._hidden = 1

    def read(self, location: str) -> Result:
        """As the documentation of 1.4.1 has it."""
        new = self.copy()
        new.location = location
        new.value = new.serializer.deserialize(STORE[location])
        return new

    def write(self, value_: Any, **kwargs: Any) -> Result:
        """As the documentation of 1.4.1 has it."""
        new = self.format(**kwargs)
        new.value = value_
        assert new.location is not None
        STORE[new.location] = self.serializer.serialize(new.value)
        return new

    def exists(self, location: str, **kwargs: Any) -> bool:
        """As the documentation of 1.4.1 has it."""
        return location.format(**kwargs) in STORE

    def __getstate__(self) -> dict[str, Any]:
        state = self.__dict__.copy()
        state.pop("client", None)
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)


class MoreResult(DictResult):
    """A subclass of a user's subclass."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.more = 2


class SlottedResult(StoredResult):
    """A user's type that leaves no room for other attributes."""

    __slots__ = ("bucket",)

    def __init__(self, bucket: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.bucket = bucket

    @property
    def filesystem(self) -> MemoryFileSystem:
        """In memory."""
        return MemoryFileSystem(self.bucket)


class LoudLocal(LocalResult):
    """A subclass of a type of this package, that overrides a bit."""

    def write(self, value_: Any, **kwargs: Any) -> Any:
        """Write more than was asked."""
        return super().write([value_, "!"], **kwargs)


def test_read_and_write_in_the_old_style() -> None:
    """Assigning to a copy works, and the value is known to be stored."""
    STORE.clear()
    result = DictResult(location="{x}")
    written = result.write([1], x="k")
    assert (written.value, written.location) == ([1], "k")
    assert result.exists("{x}", x="k")
    assert result.read("k").value == [1]
    before = dict(STORE)
    sent = written.serialize()
    assert (sent.value, sent.location, sent.serialized) == (None, "k", True)
    assert sent.deserialize().value == [1]
    assert sent.deserialize().serialized is False
    assert before == STORE


def test_serializing_writes_what_was_not_written() -> None:
    """Serializing uses the type's own write."""
    STORE.clear()
    sent = DictResult(location="new").from_value(3).serialize()
    assert sent.location in STORE
    assert sent.deserialize().value == 3


@pytest.mark.parametrize("cls", [DictResult, MoreResult])
def test_instances_are_frozen_once_they_are_made(cls: type[Result]) -> None:
    """The constructor may assign, before and after the base class's; nobody may later."""
    result: Any = cls(value=1)
    assert result.bucket == "b"
    for name in ("value", "bucket", "more", "new"):
        with pytest.raises(ImmutableError):
            setattr(result, name, 2)


def test_copies_are_drafts_until_they_are_sealed() -> None:
    """A copy can be assigned to; a state that takes it, or serializing it, ends that."""
    for seal in (lambda draft: draft._seal(), lambda draft: draft.serialize(), hash):
        draft: Any = DictResult(value=1, location="x").copy()
        draft.value = 2
        draft.extra = 3
        del draft.extra
        seal(draft)
        with pytest.raises(ImmutableError):
            draft.value = 3
        with pytest.raises(ImmutableError):
            del draft.value
        assert draft.value == 2


def test_copies_keep_what_the_type_says() -> None:
    """A type's own `__getstate__` decides what its copies and pickles keep."""
    result: Any = DictResult(bucket="mine", value=1, location="x", serializer=JSONSerializer())
    for same in (result.copy(), pickle.loads(pickle.dumps(result))):
        assert (same.bucket, same.value, same.location) == ("mine", 1, "x")
        assert same.serializer == JSONSerializer()
        assert not hasattr(same, "client")


def test_equality_is_by_public_attributes() -> None:
    """Attributes with an underscore do not count, others do."""

    class Plain(Result):
        def __init__(self, a: int, b: int) -> None:
            super().__init__(1)
            self.a = a
            self._b = b

    assert Plain(1, 2) == Plain(1, 3)
    assert Plain(1, 2) != Plain(2, 2)


def test_a_subclass_of_a_named_type(tmp_path: Any) -> None:
    """What is not overridden works as before."""
    result = LoudLocal(dir=str(tmp_path), location="x")
    written = result.write("hello")
    assert written.value == ["hello", "!"]
    assert result.read("x").value == ["hello", "!"]
    draft: Any = result.copy()
    draft.dir = "elsewhere"
    assert (draft.dir, result.dir) == ("elsewhere", str(tmp_path))
    assert pickle.loads(pickle.dumps(written)) == written


def test_a_subclass_of_a_checking_type() -> None:
    """A subclass of PrefectResult assigns to its copies too."""

    class Upper(PrefectResult):
        def write(self, value_: Any, **kwargs: Any) -> Any:
            new = self.copy()
            new.value = value_
            new.location = self.serializer.serialize(value_.upper()).decode()
            return new

    assert Upper().write("a").serialize().deserialize().value == "A"


def test_a_subclass_with_slots() -> None:
    """What a type from outside keeps in slots of its own is copied and pickled too."""
    result = SlottedResult("bucket", location="{x}")
    written = result.write([1], x="k")
    assert (written.bucket, written.location) == ("bucket", "k")
    again = pickle.loads(pickle.dumps(written))
    assert (again.bucket, again.location, again.value) == ("bucket", "k", [1])
    with pytest.raises(ImmutableError):
        result.bucket = "other"


def test_registered_types_are_made_of_their_wire_fields() -> None:
    """What a registered class names in `wire_fields` is given to its constructor."""

    @register_result_type
    class Sent(DictResult):
        wire_fields = ("bucket",)

    STORE["k"] = b"[7]"
    cls: Any = result_type("Sent")
    got = cls.revive(location="k", serializer=JSONSerializer(), bucket="other")
    assert (got.bucket, got.serialized) == ("other", True)
    assert got.deserialize().value == [7]
    with pytest.raises(TypeError):
        cls.revive(location="k", nonsense=1)
    with pytest.raises(ImmutableError):
        got.value = 1


def test_a_registered_name_is_not_taken_by_another_type() -> None:
    """The names of this package's types are theirs."""
    with pytest.raises(ValueError, match="registered already"):
        register_result_type(type("LocalResult", (Result,), {"__module__": "mine"}))
