"""`python -m prefect_results`: the command line."""

from __future__ import annotations

from prefect_results.cli import main

if __name__ == "__main__":
    main()
