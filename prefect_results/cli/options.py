"""What all commands share: `--json`, `--debug`, `--api`, `--db`, and one line for an error.

What belongs here: options of more than one command, and the types of their values. What does not:
how output looks (`output`).
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from prefect_results.exceptions import (
    AuthorizationError,
    ConfigurationError,
    PrefectError,
    PrefectSignal,
)

if TYPE_CHECKING:
    from prefect_results.backend.access import RunAccess
    from prefect_results.backend.store import RunStore

    _Type = click.ParamType[Any]
else:
    _Type = click.ParamType

F = TypeVar("F", bound=Callable[..., Any])

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


class Settings:
    """The options that all commands take.

    Attributes:
        as_json: Whether output is for machines.
        debug: Whether errors come with a traceback.
        api: URL of the API where runs are recorded.
        db: URL or path of the run store where runs are recorded.
    """

    def __init__(self) -> None:
        self.as_json = False
        self.debug = False
        self.api: str | None = None
        self.db: str | None = None

    @property
    def source(self) -> str | None:
        """The URL of the API or the store that was named; None for the configured one.

        Raises:
            click.UsageError: Both were named, or one is not what its option says.
        """
        if self.api and self.db:
            raise click.UsageError("--api and --db exclude each other: runs are in one place.")
        if self.api and not _is_api(self.api):
            raise click.UsageError("--api takes a URL that starts with http:// or https://.")
        if self.db and _is_api(self.db):
            raise click.UsageError("--db takes a run store; --api takes the URL of an API.")
        return self.api or self.db

    def access(self) -> RunAccess:
        """Open where runs are recorded, to read from it.

        Raises:
            ConfigurationError: The run store that was named does not exist.
        """
        from prefect_results.backend.access import open_access

        source = self.source
        path = sqlite_path(source) if source else None
        if path is not None and not path.exists():
            raise ConfigurationError(f"there is no run store at {path}")
        return open_access(source)

    def store(self) -> RunStore:
        """Open the run store itself.

        Raises:
            ConfigurationError: Runs are recorded behind an API.
        """
        from prefect_results.backend.access import StoredRuns

        access = self.access()
        if not isinstance(access, StoredRuns):
            raise ConfigurationError(
                f"this needs the run store itself, not the API at {access.address}: "
                "name it with --db"
            )
        return access.store


pass_settings = click.make_pass_decorator(Settings, ensure=True)


class Command(click.Command):
    """A command whose errors are one line each, and exit code 1."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except BrokenPipeError:
            raise  # click ends quietly: who reads the output has seen enough of it
        except (Exception, PrefectSignal) as exc:
            if ctx.ensure_object(Settings).debug:
                raise
            raise click.ClickException(_line(exc)) from exc


class Group(click.Group):
    """A group of such commands."""

    command_class = Command


def _words(exc: BaseException) -> str:
    """What an error says; of the errors of an API, which are objects, their messages."""
    errors = exc.args[0] if exc.args else None
    if isinstance(errors, list) and all(isinstance(error, Mapping) for error in errors):
        return "; ".join(str(error.get("message", error)) for error in errors)
    return str(exc)


def _line(exc: BaseException) -> str:
    """An error as one line; of one that we did not expect, what it is and how to see more."""
    text = " ".join(_words(exc).split())
    if isinstance(exc, AuthorizationError):
        text += " Give it by PREFECT__CLOUD__API_KEY."
    if isinstance(exc, PrefectError) or (isinstance(exc, OSError) and exc.strerror):
        return text or type(exc).__name__
    return f"{type(exc).__name__}: {text} (--debug shows where)"


def _kept(name: str) -> Callable[[click.Context, click.Parameter, Any], None]:
    def keep(ctx: click.Context, param: click.Parameter, value: Any) -> None:
        if value:
            setattr(ctx.ensure_object(Settings), name, value)

    return keep


def shared(function: F) -> F:
    """Add the options of every command: `--json` and `--debug`."""
    for flag, name, text in (
        ("--debug", "debug", "Show the traceback of an error."),
        ("--json", "as_json", "Print JSON, for programs to read."),
    ):
        option = click.option(
            flag, is_flag=True, expose_value=False, callback=_kept(name), help=text
        )
        function = option(function)
    return function


def of_store(function: F) -> F:
    """Add the option that says which run store is meant: `--db`."""
    text = "Run store: sqlite:///FILE, postgresql://... or a path; the configured one by default."
    return click.option("--db", expose_value=False, callback=_kept("db"), help=text)(function)


def of_runs(function: F) -> F:
    """Add the options that say where runs are recorded: `--api` and `--db`."""
    text = "URL of an API, in place of a run store."
    option = click.option("--api", expose_value=False, callback=_kept("api"), help=text)
    return option(of_store(function))


def _is_api(text: str) -> bool:
    return text.startswith(("http://", "https://"))


def sqlite_path(url: str) -> Path | None:
    """Return the file of an SQLite store's URL or path; None for another URL."""
    scheme, separator, rest = url.partition("://")
    if not separator:
        return Path(url)
    if scheme.partition("+")[0] != "sqlite" or not rest.strip("/"):
        return None
    return Path(rest.partition("?")[0].removeprefix("/"))


class Age(_Type):
    """A duration such as `30d`, `12h`, `1h30m`."""

    name = "age"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> timedelta:
        if isinstance(value, timedelta):
            return value
        if not re.fullmatch(r"(\d+(\.\d+)?[smhdw])+", value):
            self.fail(f"{value!r} is no duration such as 30d, 12h or 1h30m", param, ctx)
        parts = re.findall(r"([\d.]+)([smhdw])", value)
        try:
            return sum((timedelta(**{_UNITS[u]: float(n)}) for n, u in parts), timedelta())
        except OverflowError:
            self.fail(f"{value!r} is too long", param, ctx)


class Assignment(_Type):
    """`NAME=VALUE`; the value is JSON if it can be read as that, else text."""

    name = "name=value"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, Any]:
        if isinstance(value, tuple):
            return value
        name, separator, text = value.partition("=")
        if not separator or not name:
            self.fail(f"{value!r} is not NAME=VALUE", param, ctx)
        return name, json_or_text(text)


def json_or_text(text: str) -> Any:
    """Return what a text says as JSON, else the text itself."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def is_uuid(text: str) -> bool:
    """Whether a text is an id of a run."""
    return re.fullmatch(r"[0-9a-fA-F]{8}(-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}", text) is not None


def existing(path: str) -> str:
    """Return a path of a file, made absolute."""
    return os.path.abspath(os.path.expanduser(path))
