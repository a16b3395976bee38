"""The run store over SQLAlchemy: its methods on projects. Docstrings are those of the port."""

from __future__ import annotations

from prefect_results.backend.store.port.projects import Projects
from prefect_results.backend.store.records import Project
from prefect_results.backend.store.sql import projects
from prefect_results.backend.store.sql.database import Database


class SqlProjects(Projects):
    """Serves the port's methods on projects."""

    database: Database

    def create_project(self, name: str, description: str | None = None) -> Project:
        return self.database.run(lambda c: projects.create(c, name, description))

    def ensure_project(self, name: str) -> Project:
        return self.find_project(name) or self.database.run(lambda c: projects.ensure(c, name))

    def get_project(self, project_id: str) -> Project:
        with self.database.read() as c:
            return projects.get(c, project_id)

    def find_project(self, name: str) -> Project | None:
        with self.database.read() as c:
            return projects.find(c, name)

    def list_projects(self) -> list[Project]:
        with self.database.read() as c:
            return projects.listed(c)

    def delete_project(self, project_id: str) -> None:
        self.database.run(lambda c: projects.remove(c, project_id))
