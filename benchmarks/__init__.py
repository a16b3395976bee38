"""Measurements of this library beside Prefect 1.4.1 in one run; `python -m benchmarks --help`."""
