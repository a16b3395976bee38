"""The GraphQL API of Prefect Server, over a run store.

What belongs here: serving a store over HTTP so that clients of Prefect 1.4.1 work with it. What
does not: what is stored (`backend`). Needs the extra `server`, which is imported when it is used.
"""

from prefect_results.server.running import (
    DEFAULT_HOST,
    DEFAULT_PORT,
    KEY_VARIABLE,
    ServerProcess,
    check_exposure,
    serve,
)

__all__ = [
    "serve",
    "ServerProcess",
    "check_exposure",
    "DEFAULT_HOST",
    "DEFAULT_PORT",
    "KEY_VARIABLE",
]
