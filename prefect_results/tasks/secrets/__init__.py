"""Tasks that fetch secrets; their values are never written anywhere."""

from prefect_results.tasks.secrets.base import PrefectSecret, SecretBase
from prefect_results.tasks.secrets.env_var import EnvVarSecret

__all__ = ["EnvVarSecret", "PrefectSecret", "SecretBase"]
