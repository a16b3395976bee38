"""How a location is made of its template: the one place that fills templates.

Not here: whether a location is safe; its filesystem refuses what leaves the root.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from itertools import count
from typing import Any

from prefect_results.exceptions import MalformedTemplate, UnknownTemplateName

_numbers = count()
_process = (0, "")
# The last second that `timestamp` had, and its text.
_second = (0, "")


def fill(template: str | Callable[..., str], values: Mapping[str, Any]) -> str:
    """Fill a location's template.

    Args:
        template: a `str.format` template, or a callable that takes the values as keyword
            arguments and returns the location.
        values: what can be named.

    Returns:
        The location.

    Raises:
        UnknownTemplateName: if the template names what is not there (also a `KeyError`).
        MalformedTemplate: if it is no template, or a value has no such format (a `ValueError`).
    """
    if callable(template):
        try:
            return os.fspath(template(**values))
        except KeyError as exc:
            name = getattr(template, "__qualname__", type(template).__name__)
            task = values.get("task_full_name") or values.get("task_name")
            raise UnknownTemplateName(
                f"The callable location {name}{f' of task {task!r}' if task else ''} raised "
                f"KeyError: {exc}; it is called with: {', '.join(sorted(map(str, values)))}"
            ) from exc
    if "{" not in template and "}" not in template:
        return template
    try:
        return template.format_map(values)
    except KeyError as exc:
        raise UnknownTemplateName(
            f"The location template {template!r} names {exc}, which is not among the values it is "
            f"filled from: {', '.join(sorted(map(str, values))) or 'none'}"
        ) from exc
    except ValueError as exc:
        raise MalformedTemplate(
            f"The location template {template!r} cannot be filled: {exc}. Braces name values, as "
            "in '{task_name}'; one that is meant as it is, is written twice"
        ) from exc


class Planned:
    """Where a value would lie that was not written yet: a template, and what it names.

    It takes the place of a callable location, so that whoever writes the value later, when what
    the run knew is gone, writes it where the run would have, and only there.

    Args:
        template: a `str.format` template.
        values: of the names in it, as far as they were known.
    """

    __slots__ = ("template", "values")

    def __init__(self, template: str, values: Mapping[str, Any]) -> None:
        self.template = template
        self.values = values

    def __call__(self, **values: Any) -> str:
        """The location."""
        return fill(self.template, {**values, **self.values})

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Planned) and self.template == other.template

    def __hash__(self) -> int:
        return hash(self.template)

    def __reduce__(self) -> tuple[Any, ...]:
        return Planned, (self.template, self.values)


_names: dict[str, frozenset[str]] = {}


def names_in(template: str) -> frozenset[str]:
    """The names that a template is filled from; none if it cannot be taken apart."""
    found = _names.get(template)
    if found is None:
        import re
        from string import Formatter

        try:
            fields = [name for _, name, _, _ in Formatter().parse(template) if name]
        except ValueError:
            fields = []
        found = frozenset(re.split(r"[.\[]", name, maxsplit=1)[0] for name in fields)
        _names[template] = found
    return found


def fixed_folder(template: str) -> str:
    """The folder that an absolute template always leads to, whatever it is filled with."""
    fixed = template.partition("{")[0]
    return fixed[: fixed.rindex("/")] or "/"


def unique_token() -> str:
    """A short text that no other call returns, on any machine, until numbers run out."""
    global _process
    pid = os.getpid()
    if _process[0] != pid:
        _process = (pid, os.urandom(5).hex())
    return f"{_process[1]}{next(_numbers):x}"


def utc_today() -> str:
    """The date in UTC, for locations: `2020/1/31`."""
    now = time.gmtime()
    return f"{now.tm_year}/{now.tm_mon}/{now.tm_mday}"


def timestamp() -> str:
    """The time in UTC, for locations: `2020-01-31t23-59-59-123456`."""
    global _second
    now = time.time()
    known, text = _second
    if known != int(now):
        text = time.strftime("%Y-%m-%dt%H-%M-%S", time.gmtime(now))
        _second = (int(now), text)
    return f"{text}-{int(now % 1 * 1000000):06d}"
