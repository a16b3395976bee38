"""What is particular about filesystems of fsspec."""

from __future__ import annotations

import pickle
import sys
from pathlib import Path

import pytest

from prefect_results.exceptions import MissingExtra, NotFound, StorageError, UnsafeLocation
from prefect_results.filesystems import FSSpecFileSystem


def test_links_out_of_the_root_are_refused(tmp_path: Path) -> None:
    """A link out of the root is not followed, where the storage has links."""
    (tmp_path / "root").mkdir()
    (tmp_path / "secret").write_bytes(b"x")
    (tmp_path / "root" / "link").symlink_to(tmp_path / "secret")
    filesystem = FSSpecFileSystem(f"file://{tmp_path}/root")
    with pytest.raises(UnsafeLocation):
        filesystem.get("link")


def test_credentials_are_in_no_repr_nor_message() -> None:
    """Neither options nor a password in the URL are ever printed."""
    filesystem = FSSpecFileSystem("memory://user:hunter2@host/folder", password="hunter3")
    assert "hunter" not in repr(filesystem)
    with pytest.raises(NotFound) as caught:
        filesystem.get("nothing")
    assert "hunter" not in str(caught.value)


def test_options_are_part_of_what_makes_it_equal() -> None:
    """Filesystems with other options are others; pickles keep them."""
    one = FSSpecFileSystem("memory://a", auto_mkdir=True)
    assert one != FSSpecFileSystem("memory://a")
    assert pickle.loads(pickle.dumps(one)) == one


def test_an_unknown_protocol_is_a_storage_error() -> None:
    """A protocol that nobody serves is an error on first use, which names it."""
    with pytest.raises(StorageError, match="nonsense"):
        FSSpecFileSystem("nonsense://a").get("b")


def test_without_fsspec_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where fsspec is missing, the error says what to install."""
    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    with pytest.raises(MissingExtra, match=r"prefect_results\[fsspec\]"):
        FSSpecFileSystem("memory://a").get("b")


def test_without_a_driver_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the driver of a protocol is missing, the error says what to install."""

    def url_to_fs(url: str, **options: object) -> None:
        raise ImportError("HTTPFileSystem requires aiohttp")

    monkeypatch.setattr("fsspec.core.url_to_fs", url_to_fs)
    with pytest.raises(MissingExtra, match=r"prefect_results\[http\]"):
        FSSpecFileSystem("http://localhost/").get("b")


def test_options_that_did_not_travel_are_asked_for() -> None:
    """A driver that lacks an option is a storage error that says where options come from."""
    pytest.importorskip("paramiko")
    with pytest.raises(StorageError, match="'host'.*FSSPEC_SFTP_<OPTION>"):
        FSSpecFileSystem("sftp:///folder").get("b")


def test_storage_without_conditional_puts_says_so() -> None:
    """A conditional put where there is none is refused, not attempted."""
    filesystem = FSSpecFileSystem("http://localhost/")
    assert filesystem.supports_put_if_absent is False
    with pytest.raises(StorageError, match="only if there is none"):
        filesystem.put_if_absent("a", b"")


def test_a_failed_write_removes_its_temporary_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rename that fails leaves neither the object nor a temporary one."""
    from fsspec.implementations.local import LocalFileSystem

    def fail(*args: object, **kwargs: object) -> None:
        raise OSError("no rename today")

    monkeypatch.setattr(LocalFileSystem, "mv", fail)
    with pytest.raises(StorageError, match="no rename today"):
        FSSpecFileSystem(f"file://{tmp_path}/root").put("a", b"x")
    assert list((tmp_path / "root").iterdir()) == []
