"""The configuration: TOML defaults, the user's file, `PREFECT__SECTION__KEY` variables.

What belongs here: how settings are found, merged, interpolated and typed, as in Prefect 1.4.1.
What does not: what a setting means, which is the business of the module that reads it.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from prefect_results.collections import (
    CompoundKey,
    Config,
    dict_to_flatdict,
    flatdict_to_dict,
    merge_dicts,
)
from prefect_results.exceptions import ConfigurationError

DEFAULT_CONFIG = os.path.join(os.path.dirname(__file__), "config.toml")
USER_CONFIG = os.getenv("PREFECT__USER_CONFIG_PATH", "~/.prefect/config.toml")
BACKEND_CONFIG = os.getenv("PREFECT__BACKEND_CONFIG_PATH", "~/.prefect/backend.toml")
ENV_VAR_PREFIX = "PREFECT"
INTERPOLATION_REGEX = re.compile(r"\${(.[^${}]*)}")

# A reference may hold a reference; more rounds than this are a cycle.
_MAX_ROUNDS = 10
# Text that can be no Python literal, told without importing `ast`: words, paths, URLs, hosts,
# log formats.
_PLAIN_TEXT = re.compile(
    r"(?!(?:None|set\(\))\s*$)[A-Za-z~/%$][^'\"]*$|\d+(?:\.\d+){2,}$|[\[({][^#]*[^\])}\s#]$",
    re.DOTALL,
)
_PLAIN_INT = re.compile(r"(?:0|[1-9]\d*)$")


def string_to_type(val: str) -> Any:
    """Return what the text of an environment variable or a reference means.

    Args:
        val: "true" and "false" in any capitals become booleans, any other Python literal its
            value; all else stays text.
    """
    if _PLAIN_INT.match(val):
        return int(val)
    upper = val.upper()
    if upper in ("TRUE", "FALSE"):
        return upper == "TRUE"
    if val == "[]":
        return []
    if not val or _PLAIN_TEXT.match(val):
        return val

    from ast import literal_eval

    try:
        return literal_eval(val)
    except Exception:
        return val


def interpolate_env_vars(env_var: Any) -> Any:
    """Return text with `$NAME`, `${NAME}` and `~` expanded until nothing changes any more.

    Args:
        env_var: The text; anything else comes back as it is.

    Returns:
        The text, typed as by `string_to_type` when it took more than one round, or None when it
        still changed after ten.
    """
    if not env_var or not isinstance(env_var, str):
        return env_var
    for rounds in range(_MAX_ROUNDS):
        if "$" not in env_var and "~" not in env_var and "%" not in env_var:
            expanded = env_var
        else:
            expanded = os.path.expanduser(os.path.expandvars(env_var))
        if expanded == env_var:
            # a TOML value that needed no expansion keeps the type that TOML gave it
            return string_to_type(expanded) if rounds > 1 else expanded
        env_var = expanded
    return None


def create_user_config(dest_path: str, source_path: str = DEFAULT_CONFIG) -> None:
    """Copy the default settings to a file for the user to edit.

    Args:
        dest_path: Where to; `~` and variables are expanded, missing folders are made.
        source_path: What to copy; the defaults of this library unless given.

    Raises:
        ValueError: There is a file already.
    """
    path = str(interpolate_env_vars(dest_path))
    if os.path.isfile(path):
        raise ConfigurationError(f"File already exists: {path}")
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    with open(source_path, encoding="utf-8") as source, open(path, "w", encoding="utf-8") as dest:
        dest.write(source.read())


def process_task_defaults(config: Config) -> Config:
    """Turn the defaults of tasks into Python objects, in place.

    `max_retries` becomes a number, `retry_delay` a timedelta (from seconds) or None, `timeout` a
    number of seconds or None. TOML has no null, so False stands for "not set".

    Args:
        config: The configuration to change.
    """
    defaults = config.setdefault("tasks", {}).setdefault("defaults", {})
    defaults["max_retries"] = defaults.get("max_retries") or 0

    delay = defaults.setdefault("retry_delay", False)
    if delay is False:
        defaults["retry_delay"] = None
    elif isinstance(delay, int):
        from datetime import timedelta

        defaults["retry_delay"] = timedelta(seconds=delay)

    if defaults.setdefault("timeout", False) is False:
        defaults["timeout"] = None
    return config


def to_environment_variables(
    config: Mapping[str, Any], include: Iterable[str] | None = None, prefix: str = "PREFECT"
) -> dict[str, str]:
    """Return the settings as environment variables that another process can load.

    Args:
        config: The settings.
        include: Which keys to take, each as "section.key"; all by default.
        prefix: What each variable's name starts with.
    """
    wanted = set(include or ())
    return {
        "__".join((prefix, *key)).upper(): str(value)
        for key, value in dict_to_flatdict(config).items()
        if not wanted or ".".join(key) in wanted
    }


def validate_config(config: Config) -> None:
    """Check that no key hides a method of Config.

    Raises:
        ValueError: One does; the message names it.
    """
    reserved = set(dir(Config))

    def check(section: Config) -> None:
        for key, value in section.items():
            if key in reserved:
                raise ConfigurationError(f'Invalid config key: "{key}"')
            if isinstance(value, Config):
                check(value)

    check(config)


def load_toml(path: str) -> dict[str, Any]:
    """Return what a TOML file holds.

    Args:
        path: The file; `~` and variables are expanded.

    Raises:
        ConfigurationError: The file is not valid TOML.
        FileNotFoundError: There is no such file.
    """
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib

    name = str(interpolate_env_vars(path))
    with open(name, "rb") as file:
        try:
            return tomllib.load(file)
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
            raise ConfigurationError(f"The configuration file {name!r} is not TOML: {exc}") from exc


def _environment_overrides(prefix: str) -> Iterator[tuple[CompoundKey, Any]]:
    """Yield the settings that variables named PREFIX__SECTION__KEY make."""
    start = prefix + "__"
    for name, value in os.environ.items():
        if not name.startswith(start):
            continue
        option = name[len(start) :]
        if option.upper().startswith("CONTEXT__SECRETS"):
            # the names of secrets keep their capitals
            parts = option.replace("CONTEXT__SECRETS", "context__secrets").split("__")
        else:
            parts = option.lower().split("__")
        expanded = interpolate_env_vars(value)
        if isinstance(expanded, str):
            expanded = string_to_type(expanded)
        yield CompoundKey(parts), expanded


def _follow_references(flat: dict[CompoundKey, Any]) -> None:
    """Replace each `${section.key}` in the values by what that key holds, in place."""
    pending = set(flat)
    for _ in range(_MAX_ROUNDS):
        for key in list(pending):
            value = flat[key]
            match = INTERPOLATION_REGEX.search(value) if isinstance(value, str) else None
            if match is None:
                pending.remove(key)
                continue
            found = flat.get(CompoundKey(match.group(1).split(".")), "")
            whole = value == match.group(0)
            flat[key] = found if whole else value.replace(match.group(0), str(found), 1)


def interpolate_config(config: Mapping[str, Any], env_var_prefix: str | None = None) -> Config:
    """Return settings with the environment's overrides, variables and references filled in.

    Args:
        config: Nested settings as TOML gave them.
        env_var_prefix: Variables named `PREFIX__SECTION__KEY` override; none do by default.
    """
    flat = dict_to_flatdict(config)
    if env_var_prefix:
        flat.update(_environment_overrides(env_var_prefix))
    for key, value in flat.items():
        if isinstance(value, str):
            value = interpolate_env_vars(value)
            flat[key] = string_to_type(value) if isinstance(value, str) else value
    _follow_references(flat)
    for key in flat:
        above = next((key[:n] for n in range(1, len(key)) if CompoundKey(key[:n]) in flat), None)
        if above:
            raise ConfigurationError(
                f"The setting {'.'.join(key)} cannot be below {'.'.join(above)}, which has a "
                "value. Remove one of them from the configuration file or the environment."
            )
    return flatdict_to_dict(flat, dct_class=Config)


def load_configuration(
    path: str,
    user_config_path: str | None = None,
    backend_config_path: str | None = None,
    env_var_prefix: str | None = None,
) -> Config:
    """Load settings; a later source wins over an earlier one, key by key.

    Args:
        path: The TOML file of defaults.
        user_config_path: A TOML file that may be missing.
        backend_config_path: Another one.
        env_var_prefix: What overriding environment variables start with; none do by default.

    Raises:
        ValueError: A key hides a method of Config, or a file is not TOML.
    """
    settings: Any = load_toml(path)
    for extra in (user_config_path, backend_config_path):
        if extra and os.path.isfile(str(interpolate_env_vars(extra))):
            settings = merge_dicts(settings, load_toml(extra))
    config = interpolate_config(settings, env_var_prefix=env_var_prefix)
    validate_config(config)
    return config


def load_default_config() -> Config:
    """Load the defaults, the user's file and the environment, with the defaults of tasks typed."""
    return process_task_defaults(
        load_configuration(
            path=DEFAULT_CONFIG,
            user_config_path=USER_CONFIG,
            backend_config_path=BACKEND_CONFIG,
            env_var_prefix=ENV_VAR_PREFIX,
        )
    )


config: Config = load_default_config()

_scope: Callable[[Config], AbstractContextManager[Any]] = nullcontext


def register_config_scope(scope: Callable[[Config], AbstractContextManager[Any]]) -> None:
    """Say how a context that holds settings of its own gets to see temporary ones.

    Args:
        scope: Called with the configuration; what it returns is held open for as long as the
            temporary settings are.
    """
    global _scope
    _scope = scope


@contextmanager
def set_temporary_config(temp_config: Mapping[str, Any]) -> Iterator[Config]:
    """Change settings inside a `with` block; meant for tests.

    Args:
        temp_config: Values by key, where "section.key" reaches into a section.

    Yields:
        The configuration with the changes.
    """
    previous = config.copy()
    try:
        for key, value in temp_config.items():
            *sections, last = key.split(".")
            target = config
            for section in sections:
                target = target.setdefault(section, Config())
            target[last] = value
        with _scope(config):
            yield config
    finally:
        config.clear()
        config.update(previous)
