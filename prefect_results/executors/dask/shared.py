"""Files by which the processes of a pool share what outlives any one of them."""

from __future__ import annotations

import os
from typing import Any

from prefect_results.pickling import dump

_received: dict[str, Any] = {}


class Shared:
    """An object that processes read from a file, once each; stands for it in arguments.

    Args:
        value: the object.
        folder: where the file is made.
    """

    __slots__ = ("path",)

    def __init__(self, value: Any, folder: str) -> None:
        import tempfile

        handle, self.path = tempfile.mkstemp(dir=folder)
        with os.fdopen(handle, "wb") as file:
            dump(value, file)

    def value(self) -> Any:
        """The object; read once in each process."""
        if self.path not in _received:
            import pickle

            with open(self.path, "rb") as file:
                _received[self.path] = pickle.load(file)
        return _received[self.path]


class FileJournal:
    """A `Journal` in files of a folder that all processes reach.

    Args:
        folder: the folder.
    """

    def __init__(self, folder: str) -> None:
        self._folder = folder

    def add(self, topic: str, note: tuple[Any, ...]) -> None:
        """Keep a note; a process that dies later does not take it along."""
        import json

        line = json.dumps(note) + "\n"
        handle = os.open(self._path(topic), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(handle, line.encode())
        finally:
            os.close(handle)

    def notes(self, topic: str) -> list[tuple[Any, ...]]:
        """The notes on a topic, in order."""
        import json

        try:
            with open(self._path(topic), encoding="utf-8") as file:
                return [tuple(json.loads(line)) for line in file if line.endswith("\n")]
        except FileNotFoundError:
            return []

    def _path(self, topic: str) -> str:
        from hashlib import sha256

        return os.path.join(self._folder, sha256(topic.encode()).hexdigest())
