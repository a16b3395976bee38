"""Environments with other releases to compare against, made once and kept in the user's cache.

Belongs here: finding an interpreter, making such an environment under a lock, and the list of
the peers that tests and benchmarks share. What is compared with them belongs to the test or the
benchmark that does so.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

#: The release whose public behaviour this library keeps. setuptools 81 drops `pkg_resources`,
#: which it imports; numpy is there to compare what becomes of arrays.
LEGACY_NAME = "prefect-1.4.1"
LEGACY_REQUIREMENTS = ("prefect==1.4.1", "marshmallow<4", "setuptools<81", "numpy", "cloudpickle")
#: The same with the clients that its cloud results use, in an environment of its own.
LEGACY_CLOUDS_NAME = "prefect-1.4.1-clouds"
LEGACY_CLOUDS_REQUIREMENTS = (
    *LEGACY_REQUIREMENTS,
    "boto3",
    "google-cloud-storage<3",
    "azure-storage-blob",
)
#: Interpreters on which the legacy release works, the preferred one first.
LEGACY_PYTHONS = ("3.11", "3.10")


class PeerUnavailable(Exception):
    """The environment of a peer can't be made here; the message says why."""


def peers_folder() -> Path:
    """The folder that keeps the environments: `$XDG_CACHE_HOME/prefect-results/peers`."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "prefect-results" / "peers"


def find_python(version: str) -> str | None:
    """The path of a working interpreter of a version such as `3.11`, or None.

    Looks on `PATH` first and then where pyenv keeps its interpreters.
    """
    candidates = [shutil.which(f"python{version}")]
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    candidates += [str(p) for p in sorted(root.glob(f"versions/{version}.*/bin/python"))]
    check = f"import venv, ensurepip, sys; sys.exit('%d.%d' % sys.version_info[:2] != '{version}')"
    for path in candidates:
        if path and subprocess.run([path, "-c", check], capture_output=True).returncode == 0:
            return path
    return None


def peer_python(
    name: str, requirements: tuple[str, ...], pythons: tuple[str, ...] = LEGACY_PYTHONS
) -> Path:
    """The interpreter of the environment `name`, made first where it is missing.

    Args:
        name: the folder's name in the cache, e.g. `prefect-1.4.1`.
        requirements: what pip installs into it.
        pythons: versions of Python to make it with, the preferred one first.

    Returns:
        The path of its `python`.

    Raises:
        PeerUnavailable: no such interpreter, or pip could not install the requirements.
    """
    folder = peers_folder() / name
    python, stamp = folder / "bin" / "python", folder / "requirements.ready"
    wanted = "\n".join(requirements)
    if stamp.exists() and stamp.read_text() == wanted and python.exists():
        return python
    with _lock(peers_folder() / f"{name}.lock"):
        if stamp.exists() and stamp.read_text() == wanted and python.exists():
            return python
        if not python.exists():
            _make_venv(folder, pythons)
        pip = [str(python), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
        _run([*pip, *requirements], f"pip could not install {', '.join(requirements)}")
        stamp.write_text(wanted)
    return python


def legacy_prefect() -> Path:
    """The interpreter of an environment with Prefect 1.4.1; see `peer_python` for errors."""
    return peer_python(LEGACY_NAME, LEGACY_REQUIREMENTS)


def legacy_clouds() -> Path:
    """The interpreter of one that has the clouds' clients too; see `peer_python` for errors."""
    return peer_python(LEGACY_CLOUDS_NAME, LEGACY_CLOUDS_REQUIREMENTS)


def legacy_environment() -> dict[str, str]:
    """Environment variables for a peer's process: ours without what would reach its settings."""
    dropped = ("PREFECT__", "PYTHONPATH", "PYTHONWARNINGS", "VIRTUAL_ENV")
    return {k: v for k, v in os.environ.items() if not k.startswith(dropped)}


def _make_venv(folder: Path, pythons: tuple[str, ...]) -> None:
    for version in pythons:
        interpreter = find_python(version)
        if interpreter is not None:
            command = [interpreter, "-m", "venv", "--clear", str(folder)]
            return _run(command, f"{interpreter} could not make {folder}")
    raise PeerUnavailable(f"{folder.name} needs Python {' or '.join(pythons)}; none was found")


def _run(command: list[str], complaint: str) -> None:
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=1200, env=legacy_environment()
    )
    if done.returncode:
        raise PeerUnavailable(f"{complaint}: {done.stderr.strip()[-400:]}")


@contextlib.contextmanager
def _lock(path: Path) -> Iterator[None]:
    """Hold the file lock at `path`, so that concurrent test runs make one environment."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
