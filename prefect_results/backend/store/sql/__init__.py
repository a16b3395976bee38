"""The run store over SQLAlchemy Core: SQLite and PostgreSQL.

`SqlRunStore` opens transactions and hands their connection to plain functions, one module per noun.
"""

from prefect_results.backend.store.sql.store import SqlRunStore

__all__ = ["SqlRunStore"]
