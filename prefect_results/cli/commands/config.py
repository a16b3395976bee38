"""`prefect-results config`: the settings in force, and what a report of a problem says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import click

from prefect_results.cli.options import Group, Settings, pass_settings, shared
from prefect_results.cli.output import print_json, printable, shown

HIDDEN = "********"
_SECRET = re.compile(r"(api_?key|token|password|secrets?|credentials?|connection_string)$", re.I)
_NOT_SECRET = frozenset({"use_local_secrets"})
_PASSWORD = re.compile(r"(://[^/@\s]*:)[^/@\s]+(?=@)")


@click.group(cls=Group, name="config")
def command() -> None:
    """See the settings in force."""


@command.command("show")
@click.argument("key", required=False)
@shared
@pass_settings
def show(settings: Settings, key: str | None) -> None:
    """Print the settings, or those under KEY such as `logging` or `logging.level`.

    They come from defaults, ~/.prefect/config.toml and PREFECT__SECTION__KEY in the environment.
    Secrets are not shown.
    """
    from prefect_results.collections import as_nested_dict
    from prefect_results.configuration import config

    found: Any = hidden(as_nested_dict(config, dict))
    for part in key.split(".") if key else ():
        if not isinstance(found, Mapping) or part not in found:
            raise click.ClickException(f"There is no setting {key!r}.")
        found = found[part]
    if settings.as_json:
        print_json(found)
    elif isinstance(found, Mapping):
        for name, value in _flat(found, f"{key}." if key else ""):
            click.echo(f"{name} = {printable(shown(value))}")
    else:
        click.echo(shown(found))


@command.command("diagnostics")
@click.option("--include-secret-names", is_flag=True, help="List secrets by their names.")
@shared
@pass_settings
def diagnostics(settings: Settings, include_secret_names: bool) -> None:
    """Print versions and which settings differ from the defaults, for a report of a problem.

    No value of a setting is printed.
    """
    from prefect_results.core.diagnostics import diagnostic_info

    click.echo(diagnostic_info(include_secret_names=include_secret_names))


def _flat(settings: Mapping[str, Any], prefix: str) -> list[tuple[str, Any]]:
    found = []
    for name, value in settings.items():
        if isinstance(value, Mapping):
            found += _flat(value, f"{prefix}{name}.")
        else:
            found.append((f"{prefix}{name}", value))
    return found


def hidden(value: Any, name: str = "") -> Any:
    """Return settings without their secrets: what is named like one, and passwords in URLs."""
    if isinstance(value, Mapping):
        secret = name.lower() == "secrets"
        return {
            key: HIDDEN if secret and item else hidden(item, key) for key, item in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [hidden(item) for item in value]
    if name not in _NOT_SECRET and value and _SECRET.search(name):
        return HIDDEN
    return _PASSWORD.sub(rf"\1{HIDDEN}", value) if isinstance(value, str) else value
