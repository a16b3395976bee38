"""Tasks that fetch secrets; their values are never written anywhere."""

from prefect_results.results import register_secret_type
from prefect_results.tasks.secrets.base import PrefectSecret, SecretBase
from prefect_results.tasks.secrets.env_var import EnvVarSecret

__all__ = ["EnvVarSecret", "PrefectSecret", "SecretBase"]

# A secret that was sent by name is fetched where it is needed.
register_secret_type("PrefectSecret", PrefectSecret)
register_secret_type("EnvVarSecret", EnvVarSecret)
