"""`prefect-results kv`: small JSON values under keys, shared by all flows."""

from __future__ import annotations

import click

from prefect_results.cli.options import (
    Group,
    Settings,
    json_or_text,
    of_runs,
    pass_settings,
    shared,
)
from prefect_results.cli.output import note, print_json, printable


@click.group(cls=Group, name="kv")
def command() -> None:
    """Keep and read small JSON values that all flows share."""


@command.command("get")
@click.argument("key")
@of_runs
@shared
@pass_settings
def get(settings: Settings, key: str) -> None:
    """Print the value under KEY: text as it is, anything else as JSON."""
    try:
        value = settings.access().get_key_value(key)
    except LookupError as exc:
        raise click.ClickException(f"There is no value under the key {key!r}.") from exc
    if settings.as_json:
        print_json({"key": key, "value": value})
    elif isinstance(value, str):
        click.echo(printable(value))
    else:
        print_json(value)


@command.command("set")
@click.argument("key")
@click.argument("value")
@of_runs
@shared
@pass_settings
def set_(settings: Settings, key: str, value: str) -> None:
    """Keep VALUE under KEY, in place of what was there.

    VALUE is JSON if it can be read as that, else text.
    """
    id = settings.access().set_key_value(key, json_or_text(value))
    if settings.as_json:
        print_json({"key": key, "id": id})


@command.command("list")
@of_runs
@shared
@pass_settings
def list_(settings: Settings) -> None:
    """Print all keys."""
    keys = settings.access().list_keys()
    if settings.as_json:
        print_json(keys)
        return
    for key in keys:
        click.echo(printable(key))
    if not keys:
        note("There are no keys.")


@command.command("delete")
@click.argument("key")
@of_runs
@shared
@pass_settings
def delete(settings: Settings, key: str) -> None:
    """Delete KEY and its value."""
    if not settings.access().delete_key(key):
        raise click.ClickException(f"There is no key {key!r}.")
    if settings.as_json:
        print_json({"key": key, "deleted": True})
