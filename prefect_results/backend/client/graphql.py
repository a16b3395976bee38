"""GraphQL documents from Python objects, as Prefect 1.4.1's `prefect.utilities.graphql` makes them.

What belongs here: text. What does not: sending it (`base`).
"""

from __future__ import annotations

import base64
import gzip
import json
import textwrap
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from prefect_results.collections import Config

_INDENT = "    "


class GraphQLResult(Config):
    """The response to a query, with its keys as attributes; prints as JSON."""

    def __repr__(self) -> str:
        try:
            return json.dumps(self, indent=4)
        except TypeError:
            return repr(self.to_dict())


class EnumValue:
    """A text that is written without quotes, such as `asc`.

    Args:
        value: The text.
    """

    def __init__(self, value: str) -> None:
        self.value = value

    def __str__(self) -> str:
        return self.value

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.value!r})"

    def __eq__(self, other: object) -> bool:
        return self.value == other.value if isinstance(other, EnumValue) else NotImplemented

    def __hash__(self) -> int:
        return hash((EnumValue, self.value))


def LiteralSetValue(value: Iterable[str]) -> str:
    """Return texts as a set literal without quotes: `{a, b}`."""
    return "{" + ", ".join(value) + "}"


class GQLObject:
    """A field that knows its name, to be subclassed: class `FlowRun` is the field `flowRun`.

    Args:
        name: Its name; by default that of the class, its first letter small.
    """

    def __init__(self, name: str | None = None, _arguments: str | None = None) -> None:
        self._name = name or lowercase_first_letter(type(self).__name__)
        self._arguments = _arguments

    def __call__(self, arguments: str) -> GQLObject:
        """Return the field with arguments."""
        return type(self)(name=self._name, _arguments=arguments)

    def __repr__(self) -> str:
        return f'<GQL: "{self._name}">'

    def __str__(self) -> str:
        return with_args(self._name, self._arguments) if self._arguments else self._name


def lowercase_first_letter(s: str) -> str:
    """Return a text with its first letter small."""
    return s[:1].lower() + s[1:]


def multiline_indent(string: str, spaces: int) -> str:
    """Return a text whose lines after the first are indented by so many spaces."""
    return string.replace("\n", "\n" + " " * spaces)


def parse_graphql(document: Any) -> str:
    """Return the GraphQL text of a document made of Python objects.

    Args:
        document: Text as it is; a dictionary from fields to what is selected of each (True or
            `...` for a field without a selection); or a list, set or tuple of documents.

    Raises:
        TypeError: A class of fields is given in place of an instance.
    """
    return "\n".join(_lines(document))


def _lines(document: Any) -> list[str]:
    if isinstance(document, Mapping):
        lines: list[str] = []
        for key, selected in document.items():
            field = _lines(str(key))
            if selected is True or selected is ...:
                lines += field
            else:
                field[-1] += " {"
                lines += [*field, *(_INDENT + line for line in _lines(selected)), "}"]
        return lines
    if isinstance(document, type) and issubclass(document, GQLObject):
        raise TypeError(
            f'It looks like you included a `GQLObject` class ("{document.__name__}") in your '
            "document. Did you mean to use an instance of that type?"
        )
    if isinstance(document, Iterable) and not isinstance(document, str):
        return [line for item in document for line in _lines(item)]
    return textwrap.dedent(str(document)).strip().split("\n")


def parse_graphql_arguments(arguments: Any) -> str:
    """Return arguments as GraphQL: `{"where": {"id": 3}}` is `where: { id: 3 }`.

    Args:
        arguments: A dictionary; text is taken as it is.
    """
    if isinstance(arguments, str):
        return arguments
    text = _literal(arguments)
    return text[2:-2] if isinstance(arguments, Mapping) else text


def _literal(value: Any) -> str:
    if value is None:
        return "null"
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, Mapping):
        if not value:
            return "{}"
        return "{ " + ", ".join(f"{key}: {_literal(item)}" for key, item in value.items()) + " }"
    if isinstance(value, (str, UUID)):
        return json.dumps(str(value))
    if isinstance(value, Iterable):
        return "[" + ", ".join(map(_literal, value)) + "]"
    return str(value)


def with_args(field: Any, arguments: Any) -> str:
    """Return a field with arguments, for use in a document: `task(where: { id: 3 })`.

    Args:
        field: Its name.
        arguments: A dictionary of arguments, or their text.
    """
    return f"{parse_graphql(field)}({parse_graphql_arguments(arguments)})"


def compress(input: Any) -> str:
    """Return a JSON document as base64 of its gzip."""
    return base64.b64encode(gzip.compress(json.dumps(input).encode())).decode()


def decompress(string: str) -> Any:
    """Return the JSON document that `compress` made text of."""
    return json.loads(gzip.decompress(base64.b64decode(string)))


def explained(errors: Iterable[Mapping[str, Any]], query: str) -> str:
    """Return the errors of a refused request, and the query, for a person to read."""
    told = [
        f"{(error.get('extensions') or {}).get('code', 'UNKNOWN_ERROR')}: "
        f"{error.get('message', 'No error message supplied.')}"
        for error in errors
    ]
    words = "The following error messages were provided by the GraphQL server:"
    if not told:
        words = "The server did not provide any error messages."
    shown = "\n".join(_INDENT + " ".join(line.split()) for line in told)
    return f"{words}\n{shown}\n\nThe GraphQL query was:\n{textwrap.indent(query, _INDENT)}"
