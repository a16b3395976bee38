"""Projects and key-value pairs.

What belongs here: the tables `project` and `key_value`, which have no life of their own.
"""

from __future__ import annotations

from sqlalchemy import Connection, delete, select

from prefect_results.backend.store.ids import new_id
from prefect_results.backend.store.records import Json, Project
from prefect_results.backend.store.schema import DEFAULT_TENANT_ID, key_value, project
from prefect_results.backend.store.sql.rows import fetch, fetch_one, now, selected, upsert
from prefect_results.exceptions import RecordExists, RecordNotFound


def create(connection: Connection, name: str, description: str | None) -> Project:
    """Create a project."""
    project_id = _insert(connection, name, description)
    if project_id is None:
        raise RecordExists(f"there is a project {name!r} already")
    return get(connection, project_id)


def ensure(connection: Connection, name: str) -> Project:
    """Return the project of a name, created if need be."""
    _insert(connection, name, None)
    found = find(connection, name)
    assert found is not None
    return found


def _insert(connection: Connection, name: str, description: str | None) -> str | None:
    moment = now()
    statement = upsert(connection, project).values(
        id=new_id(),
        created=moment,
        updated=moment,
        tenant_id=DEFAULT_TENANT_ID,
        name=name,
        description=description,
    )
    unless = statement.on_conflict_do_nothing(index_elements=["tenant_id", "name"])
    return connection.execute(unless.returning(project.c.id)).scalar()


def get(connection: Connection, project_id: str) -> Project:
    """Return a project by id."""
    query = selected(Project, project).where(project.c.id == project_id)
    return fetch_one(connection, Project, query, f"project {project_id!r}")


def find(connection: Connection, name: str) -> Project | None:
    """Return a project by name, or None."""
    query = selected(Project, project).where(project.c.name == name)
    return next(iter(fetch(connection, Project, query)), None)


def listed(connection: Connection) -> list[Project]:
    """Return all projects, by name."""
    return fetch(connection, Project, selected(Project, project).order_by(project.c.name))


def remove(connection: Connection, project_id: str) -> None:
    """Delete a project; the database deletes what belongs to it."""
    if connection.execute(delete(project).where(project.c.id == project_id)).rowcount == 0:
        raise RecordNotFound(f"the run store has no project {project_id!r}")


def set_key_value(connection: Connection, key: str, value: Json) -> str:
    """Keep a value under a key; return the pair's id."""
    moment = now()
    statement = upsert(connection, key_value).values(
        id=new_id(), created=moment, updated=moment, key=key, value=value
    )
    replaced = statement.on_conflict_do_update(
        index_elements=["key"], set_={"value": value, "updated": moment}
    )
    return str(connection.execute(replaced.returning(key_value.c.id)).scalar_one())


def get_key_value(connection: Connection, key: str) -> Json:
    """Return the value under a key."""
    row = connection.execute(select(key_value.c.value).where(key_value.c.key == key)).first()
    if row is None:
        raise RecordNotFound(f"No value found for key: {key}")
    return row.value


def delete_key(connection: Connection, key: str) -> None:
    """Delete a key and its value."""
    if connection.execute(delete(key_value).where(key_value.c.key == key)).rowcount == 0:
        raise RecordNotFound(f"No key {key} found to delete")


def keys(connection: Connection) -> list[str]:
    """Return all keys, sorted."""
    return sorted(connection.execute(select(key_value.c.key)).scalars())
