"""Results as files of this machine.

Not here: how files are written and which locations are safe; see `filesystems.local`.
"""

from __future__ import annotations

import os
from typing import Any

from prefect_results import configuration
from prefect_results.filesystems import FileSystem, LocalFileSystem
from prefect_results.results.integrity import known_of
from prefect_results.results.location import fixed_folder, timestamp, unique_token
from prefect_results.results.registry import register_result_type
from prefect_results.results.stored import StoredResult

_filesystems: dict[str, LocalFileSystem] = {}


@register_result_type
class LocalResult(StoredResult):
    """Keeps values as files in a directory of the machine that runs the task (Prefect 1.4.1).

    A location is relative to the directory. It may be absolute too, where the user wrote it so:
    what its template is filled with then stays in the fixed folder that it starts with. Neither
    filling nor a location out of a state ever leaves these.

    Args:
        dir: the directory; by default `results` in the home of the configuration
            (`~/.prefect/results`), which also is what any directory in that home means.
        validate_dir: make the directory absolute and create it. True by default.
        **kwargs: of `Result`: value, location, serializer.
    """

    __slots__ = ("dir",)

    wire_fields = ("dir",)
    _extras = {"dir": ""}
    _far = False

    dir: str

    def __init__(self, dir: str | None = None, validate_dir: bool = True, **kwargs: Any) -> None:
        directory = _directory(dir)
        if validate_dir:
            directory = os.path.abspath(os.path.expanduser(directory))
            os.makedirs(directory, exist_ok=True)
        self.dir = directory
        super().__init__(**kwargs)

    @property
    def default_location(self) -> str:
        """A new file in the directory, named after the time."""
        root = _filesystem_at(self.dir).root
        return f"{'' if root == '/' else root}/prefect-result-{timestamp()}-00-00-{unique_token()}"

    @property
    def filesystem(self) -> LocalFileSystem:
        """The files under the directory."""
        return _filesystem_at(self.dir)

    def _place(self, location: str, template: str | None) -> tuple[FileSystem, str]:
        filesystem = _filesystem_at(self.dir)
        if template is not None and template[:1] == "/" and not filesystem.holds(location):
            filesystem = _filesystem_at(fixed_folder(template))
        return filesystem, location

    def _written(self, value: Any, location: str, filesystem: Any, writer: Any) -> LocalResult:
        new = self._filled(value, writer.path, known_of(writer))
        if filesystem.root != self.dir and not self.filesystem.holds(writer.path):
            # What is read from elsewhere must find the location under the directory again.
            new = new._replace(dir=filesystem.root)
        return new


def _directory(given: str | None) -> str:
    """The directory that is meant by one that the user gave, or not."""
    home = configuration.config.home_dir
    if given is None:
        return os.path.join(home, "results")
    absolute, full_home = os.path.abspath(given), os.path.abspath(os.path.expanduser(home))
    if absolute == full_home or absolute.startswith(full_home + os.sep):
        return os.path.join(home, "results")
    return given


def _filesystem_at(root: str) -> LocalFileSystem:
    """The filesystem of a directory, which remembers its folders; shared by all results there."""
    found = _filesystems.get(root)
    if found is None:
        found = LocalFileSystem(root)
        # A relative root means another folder when the process changes its own.
        if found.root == root:
            if len(_filesystems) >= 256:
                _filesystems.clear()
            _filesystems[root] = found
    return found
