"""The base of secret tasks, and the one for secrets that the context or the API holds."""

from __future__ import annotations

from typing import Any

from prefect_results.core import Task
from prefect_results.results import SecretResult
from prefect_results.secrets import Secret


class SecretBase(Task):
    """A task whose output is kept out of every storage; subclasses implement `run(name=None)`.

    Its result refers to the task, which is run again where the value is needed.

    Args:
        **kwargs: Options of `Task`, except `result`; `checkpoint` is always False.

    Raises:
        ValueError: A `result` is given.
    """

    reruns_when_finished = True

    def __init__(self, **kwargs: Any) -> None:
        if kwargs.get("result"):
            raise ValueError("Result types for Secrets are not configurable.")
        kwargs["checkpoint"] = False
        super().__init__(**kwargs)
        self.result = SecretResult(secret_task=self)


class PrefectSecret(SecretBase):
    """Fetches a secret from the context or the API; see `prefect_results.secrets.Secret`.

    Args:
        name: Name of the secret, and of the task.
        **kwargs: Options of `Task`.

    Raises:
        ValueError: A `result` is given.
    """

    def __init__(self, name: str | None = None, **kwargs: Any) -> None:
        self.secret_name = name
        super().__init__(name=name, **kwargs)

    def run(self, name: str | None = None) -> Any:
        """Return the secret's value.

        Args:
            name: Name of the secret; the one given to the task by default.

        Raises:
            ValueError: No name is given, or there is no such local secret.
            KeyError: The API knows no such secret.
        """
        return Secret(self._name_or_given(name)).get()

    def _name_or_given(self, name: str | None) -> str:
        name = self.secret_name if name is None else name
        if name is None:
            raise ValueError("A secret name must be provided.")
        return name
