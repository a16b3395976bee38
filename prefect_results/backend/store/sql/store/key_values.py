"""The run store over SQLAlchemy: key-value pairs. Docstrings are those of the port."""

from __future__ import annotations

from prefect_results.backend.store.port.key_values import KeyValues
from prefect_results.backend.store.records import Json
from prefect_results.backend.store.sql import projects
from prefect_results.backend.store.sql.database import Database


class SqlKeyValues(KeyValues):
    """Serves the port's methods on key-value pairs."""

    database: Database

    def set_key_value(self, key: str, value: Json) -> str:
        return self.database.run(lambda c: projects.set_key_value(c, key, value))

    def get_key_value(self, key: str) -> Json:
        with self.database.read() as c:
            return projects.get_key_value(c, key)

    def delete_key(self, key: str) -> None:
        self.database.run(lambda c: projects.delete_key(c, key))

    def list_keys(self) -> list[str]:
        with self.database.read() as c:
            return projects.keys(c)
