"""What every run store can do with projects. The contract is here and nowhere else."""

from __future__ import annotations

from abc import ABC, abstractmethod

from prefect_results.backend.store.records import Project


class Projects(ABC):
    """Part of the port `RunStore`: projects."""

    @abstractmethod
    def create_project(self, name: str, description: str | None = None) -> Project:
        """Create a project.

        Raises:
            RecordExists: There is one of that name.
        """

    @abstractmethod
    def ensure_project(self, name: str) -> Project:
        """Return the project of a name, created if need be; callers at the same time get the same.

        Args:
            name: The name of the project.
        """

    @abstractmethod
    def get_project(self, project_id: str) -> Project:
        """Return a project by id."""

    @abstractmethod
    def find_project(self, name: str) -> Project | None:
        """Return a project by name, or None."""

    @abstractmethod
    def list_projects(self) -> list[Project]:
        """Return all projects, by name."""

    @abstractmethod
    def delete_project(self, project_id: str) -> None:
        """Delete a project with its flows and all their runs."""
