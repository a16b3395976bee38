"""What the states in a run store refer to, so that nothing of it is deleted.

What belongs here: finding locations in states, past ones included. What does not: what is done
about objects that nothing refers to (`housekeeping`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from prefect_results.cli.places import Folder, addresses_of_result
from prefect_results.exceptions import ConfigurationError

if TYPE_CHECKING:
    from prefect_results.backend.store import RunStore

_PAGE = 1000


Bytes = tuple["int | None", "str | None"]
"""Size and digest of what was written; None for what is not known."""


class References:
    """Objects below a folder that states refer to, with what each state knows of the bytes there.

    An address of another type of result than this library's is not known: an object is taken to be
    meant if its address ends with the location.

    Args:
        folder: The folder.
    """

    def __init__(self, folder: Folder) -> None:
        self._below = folder.address_of(folder.prefix).rstrip("/") if folder.prefix else ""
        self._below = self._below or folder.address.rstrip("/") + "/"
        self._known: dict[str, set[Bytes]] = {}
        self._endings: set[str] = set()

    def add(self, state: Any) -> None:
        """Add what a state in its wire form refers to."""
        for form in _forms(state):
            found = addresses_of_result(form)
            if found is None:
                continue
            for address in found:
                if address.startswith(self._below):
                    known = self._known.setdefault(address, set())
                    size, digest = form.get("size"), form.get("digest")
                    if size is not None or digest is not None:
                        known.add((size, digest))
            if not found:
                self._endings.add(form["location"].lstrip("/"))

    def find(self, address: str) -> set[Bytes] | None:
        """Return what states know of the bytes at an address; None if no state refers to it."""
        known = self._known.get(address)
        if known is None and self._endings:
            parts = address.split("/")
            for first in range(len(parts)):
                if "/".join(parts[first:]) in self._endings:
                    return set()
        return known

    def addresses(self) -> set[str]:
        """Return the addresses that are known."""
        return set(self._known)


def _forms(document: Any) -> Iterator[Mapping[str, Any]]:
    """The wire forms of results anywhere in a document."""
    waiting = [document]
    while waiting:
        one = waiting.pop()
        if isinstance(one, list):
            waiting += one
        elif isinstance(one, Mapping):
            waiting += one.values()
            location = one.get("location")
            if location is None and "result_handler" in one:
                # As 0.5 to 0.10 wrote it.
                handler = one["result_handler"] or {}
                one = {**handler, "type": "", "location": one.get("value")}
                location = one["location"]
            if isinstance(location, str) and location:
                yield one


def read_references(
    store: RunStore,
    folder: Folder,
    advance: Callable[[int], None],
    since: datetime | None = None,
    into: References | None = None,
) -> References:
    """Read what the states of a run store refer to below a folder.

    Args:
        store: The run store.
        folder: The folder.
        advance: Called with the number of states that were read.
        since: Only states that were written after this moment.
        into: What they are added to; a new one by default.

    Raises:
        ConfigurationError: The store is none of this library's.
    """
    from sqlalchemy import select

    from prefect_results.backend.store import schema

    database: Any = getattr(store, "database", None)
    if database is None:
        raise ConfigurationError(f"a {type(store).__name__} cannot be asked for all its states")
    found = References(folder) if into is None else into
    tables = [schema.task_run_state, schema.flow_run_state]
    if since is None:
        tables += [schema.task_run, schema.flow_run]
    for table in tables:
        columns, after = table.c, ""
        while True:
            query = select(columns.id, columns.serialized_state).order_by(columns.id).limit(_PAGE)
            if after:
                query = query.where(columns.id > after)
            if since is not None:
                query = query.where(columns.created >= since)
            with database.read() as connection:
                rows = connection.execute(query).all()
            for _, state in rows:
                found.add(state)
            advance(len(rows))
            if len(rows) < _PAGE:
                break
            after = rows[-1][0]
    return found
