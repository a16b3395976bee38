"""`prefect-results server`: the GraphQL API over a run store."""

from __future__ import annotations

import socket

import click

from prefect_results.cli.options import Group, Settings, pass_settings, shared
from prefect_results.cli.output import print_json


@click.group(cls=Group, name="server")
def command() -> None:
    """Serve recorded runs to other processes and to clients of Prefect 1."""


@command.command("start")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    default=4200,
    show_default=True,
    type=click.IntRange(0, 65535),
    help="Port to listen on; 0 takes a free one.",
)
@click.option("--db", help="Run store to serve; the configured one by default.")
@click.option(
    "--key",
    envvar="PREFECT_RESULTS_SERVER_KEY",
    show_envvar=True,
    help="What clients must send as their API key; better given by the variable, as others see "
    "arguments.",
)
@shared
@pass_settings
def start(settings: Settings, host: str, port: int, db: str | None, key: str | None) -> None:
    """Serve the API until interrupted.

    A key is required as soon as it listens beyond this machine.
    """
    from prefect_results.server import check_exposure, serve

    if not settings.as_json:
        serve(host, port, db=db, key=key)
        return
    from prefect_results.server.running import url_of

    check_exposure(host, key)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, port), family=family, backlog=128)
    print_json({"url": url_of(listener)})
    serve(host, db=db, key=key, announce=False, fd=listener.detach())
