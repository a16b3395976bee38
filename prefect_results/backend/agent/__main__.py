"""The processes of agents: `serve`, which reads what to execute, and `execute ID`."""

from __future__ import annotations

import sys


def main(argv: list[str]) -> int:
    """Run; what goes wrong in a flow run is in its state, not in the exit code."""
    if argv[:1] == ["serve"]:
        # What a flow needs is imported before runs are forked.
        import prefect_results.backend.agent.executing  # noqa: F401
        from prefect_results.backend.agent.serving import serve
        from prefect_results.backend.store import open_store

        serve(open_store())
        return 0
    if argv[:1] == ["execute"] and len(argv) == 2:
        from prefect_results.backend.agent import executing
        from prefect_results.backend.store import default_url

        return executing.main(default_url(), argv[1])
    print("usage: python -m prefect_results.backend.agent serve | execute FLOW_RUN_ID")
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
