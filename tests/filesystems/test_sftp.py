"""Over SFTP nothing is lost and nothing is wrong, though connections break."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from prefect_results.exceptions import Conflict, Corrupt, NotFound, PermissionDenied, Unavailable
from prefect_results.filesystems import FSSpecFileSystem, Retries
from prefect_results.results import FSSpecResult
from tests.cuts import KINDS, Cuts

QUICK = Retries(attempts=12, first=0.001, longest=0.01, timeout=20)

Make = Callable[..., tuple[FSSpecFileSystem, Cuts]]


@pytest.fixture
def through(sftp_options: dict[str, Any], tmp_path: Path) -> Iterator[Make]:
    """Makes a filesystem behind a proxy that breaks connections."""
    running: list[Cuts] = []

    def make(share: float, seed: int = 1, kinds: tuple[str, ...] = KINDS, **options: Any) -> Any:
        cuts = Cuts(sftp_options["port"], share, seed, kinds).__enter__()
        running.append(cuts)
        given = {**sftp_options, "port": cuts.port, "retries": QUICK, **options}
        return FSSpecFileSystem(f"sftp://{given.pop('host')}{tmp_path}/root", **given), cuts

    yield make
    for cuts in running:
        cuts.__exit__()


def test_writes_and_reads_survive(through: Make) -> None:
    """All that was written is read as it was, and nothing half-written is left to see."""
    filesystem, cuts = through(0.05)
    for number in range(10):
        data = os.urandom(1000 * number)
        filesystem.put(f"o/{number}", data)
        assert filesystem.exists(f"o/{number}")
        assert filesystem.get(f"o/{number}") == data
    assert len(list(filesystem.list("o/"))) == 10
    filesystem.delete("o/0")
    assert not filesystem.exists("o/0")
    assert sum(cuts.happened.values()) > 3


def test_a_large_file_survives(through: Make) -> None:
    """What is written starts again, once it broke off; what is read goes on."""
    filesystem, cuts = through(0.0)
    data = os.urandom(9 * 1024 * 1024)
    packets = iter(range(10_000))
    cuts.choose = lambda: "cut" if next(packets) == 100 else None  # type: ignore[method-assign]
    with filesystem.open_write("large") as file:
        file.write(data)
    packets = iter(range(10_000))
    cuts.choose = lambda: "reset" if next(packets) in (30, 60) else None  # type: ignore[method-assign]
    with filesystem.open_read("large") as file:
        assert file.read(100) == data[:100]
        assert file.read() == data[100:]
    assert next(packets) > 60
    assert list(filesystem.leftovers()) == []


@pytest.mark.parametrize("position", [0, 2, 5, 7, 9, 11, 12, 13, 14, 15, 16, 18])
def test_a_conditional_put_whose_answer_was_lost_is_done_once(through: Make, position: int) -> None:
    """Wherever the connection ends, it counts as done, and the next one finds a conflict."""
    filesystem, cuts = through(0.0)
    filesystem.exists("x")
    packets = iter(range(1000))
    cuts.choose = lambda: "lost answer" if next(packets) == position else None  # type: ignore[method-assign]
    assert filesystem.put_if_absent("folder/once", b"mine").size == 4
    with pytest.raises(Conflict):
        filesystem.put_if_absent("folder/once", b"theirs")
    assert filesystem.get("folder/once") == b"mine"
    assert [info.location for info in filesystem.list()] == ["folder/once"]
    assert list(filesystem.leftovers()) == []


def test_a_file_that_is_replaced_while_it_is_read_is_never_mixed(through: Make) -> None:
    """A reader gets the old bytes, or an error where it would have to open the new ones."""
    filesystem, cuts = through(0.0)
    filesystem.put("x", b"a" * (9 << 20))
    with filesystem.open_read("x") as file:
        file.read(10)
        filesystem.put("x", b"b" * (8 << 20))
        packets = iter(range(1000))
        cuts.choose = lambda: "reset" if next(packets) == 0 else None  # type: ignore[method-assign]
        with pytest.raises(Corrupt, match="replaced while"):
            file.read()


def test_a_server_that_stays_away_is_unavailable(through: Make) -> None:
    """After the last try the error names the location; nobody is told that nothing is there."""
    filesystem, cuts = through(0.0, retries=Retries(attempts=2, first=0.001, longest=0.001))
    filesystem.put("x", b"1")
    cuts.choose = lambda: "reset"  # type: ignore[method-assign]
    for method in (filesystem.exists, filesystem.get, filesystem.delete, filesystem.open_read):
        with pytest.raises(Unavailable, match="root/x"):
            method("x")
    with pytest.raises(Unavailable):
        list(filesystem.list())
    with pytest.raises(Unavailable, match="root/y"):
        filesystem.put("y", b"2")
    del cuts.choose
    filesystem.retries = QUICK
    assert [info.location for info in filesystem.list()] == ["x"]


def test_wrong_keys_are_permission_denied(sftp_options: dict[str, Any], tmp_path: Path) -> None:
    """A server that does not know the user says so at once."""
    options = {**sftp_options, "username": "nobody-like-that", "retries": QUICK}
    filesystem = FSSpecFileSystem(f"sftp://{options.pop('host')}{tmp_path}", **options)
    with pytest.raises(PermissionDenied, match="x may not be accessed"):
        filesystem.get("x")


def test_results_survive(through: Make, sftp_options: dict[str, Any], tmp_path: Path) -> None:
    """A result's digest is that of what was read, over broken connections too."""
    _, cuts = through(0.03, seed=7)
    options = {**sftp_options, "port": cuts.port, "retries": QUICK}
    url = f"sftp://{options.pop('host')}{tmp_path}/results"
    result = FSSpecResult(url, location="{n}.pkl", **options)
    for n in range(5):
        written = result.write(list(range(n * 1000)), n=n)
        assert written.read(written.location or "").value == list(range(n * 1000))
    with pytest.raises(NotFound):
        result.read("nothing")
