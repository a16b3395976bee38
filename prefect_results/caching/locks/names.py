"""What the objects of a lock are called, and what is in them.

A lock's objects lie beside what is locked, so that all who reach that reach the lock too:

- the *root*: says who took the lock when it was free;
- `<root>-<token>.next`: says who took over from the one with that token;
- `<root>-<token>`: changes as long as the one with that token lives.

The names of the last two belong to one taking of the lock, and never to another one: they can be
written and removed late without harm. Not here: who may write them when; see `chain`.
"""

from __future__ import annotations

import hashlib
import json
import os
from typing import NamedTuple

LOCK_PREFIX = ".prefect-lock-"


def is_lock(location: str) -> bool:
    """Whether a location is one of an object of a lock."""
    return location.rpartition("/")[2].startswith(LOCK_PREFIX)


def new_token() -> str:
    """A text that no other taking of a lock has."""
    return os.urandom(10).hex()


class Names:
    """The locations of a lock's objects.

    Args:
        key: a location, or a text that is none; its folder is the lock's.
    """

    __slots__ = ("root",)

    def __init__(self, key: str) -> None:
        folder, slash, name = key.rpartition("/")
        digest = hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=16)
        self.root = f"{folder}{slash}{LOCK_PREFIX}{digest.hexdigest()}"

    def next(self, token: str) -> str:
        """Who took over from the one with a token."""
        return f"{self.root}-{token}.next"

    def beat(self, token: str) -> str:
        """The sign of life of the one with a token."""
        return f"{self.root}-{token}"


class Record(NamedTuple):
    """Who took a lock.

    Attributes:
        token: of this taking.
        lease: seconds without a sign of life after which it may be taken over.
        kernel: names the running system that the holder is a process of; empty if not known.
        holder: who it is, for people.
    """

    token: str
    lease: float
    kernel: str = ""
    holder: str = ""

    def encode(self) -> bytes:
        """The bytes of it."""
        return json.dumps(self._asdict()).encode()


def decode(data: bytes, lease: float) -> Record:
    """The record that bytes hold; what is no record is one of nobody who lives.

    Args:
        data: the bytes.
        lease: taken where they do not say.
    """
    try:
        found = json.loads(data)
        token, said = found["token"], float(found["lease"])
        if isinstance(token, str) and token.isalnum() and 0 < said < float("inf"):
            return Record(token, said, str(found.get("kernel", "")), str(found.get("holder", "")))
    except (ValueError, KeyError, TypeError, AttributeError):
        pass
    return Record(hashlib.blake2b(data, digest_size=10).hexdigest(), lease)
