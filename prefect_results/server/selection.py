"""What a request selects: fields with fragments resolved and directives obeyed.

What belongs here: reading the parsed document. What does not: what a field means (`execution`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs
from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLIncludeDirective,
    GraphQLSkipDirective,
    SelectionSetNode,
)
from graphql.execution.values import get_directive_values


@attrs.frozen
class Selected:
    """A field under the name it has in the response, with all places that select it."""

    key: str
    nodes: list[FieldNode]

    @property
    def name(self) -> str:
        """The field's own name."""
        return self.nodes[0].name.value


class Reader:
    """Reads the selections of one operation."""

    def __init__(self, fragments: Mapping[str, FragmentDefinitionNode], variables: Any) -> None:
        """Begin.

        Args:
            fragments: The document's fragments by name.
            variables: What `graphql.get_variable_values` returned.
        """
        self._fragments = fragments
        self._variables = variables

    def fields(self, *selections: SelectionSetNode | None) -> list[Selected]:
        """Return the fields that selection sets select together, in the order of the response."""
        found: dict[str, Selected] = {}
        seen: set[str] = set()
        for selection in selections:
            if selection is not None:
                self._collect(selection, found, seen)
        return list(found.values())

    def below(self, field: Selected) -> list[Selected]:
        """Return the fields that are selected of a field's value."""
        return self.fields(*(node.selection_set for node in field.nodes))

    def _collect(
        self, selection: SelectionSetNode, found: dict[str, Selected], seen: set[str]
    ) -> None:
        for node in selection.selections:
            if node.directives and not self._included(node):
                continue
            if isinstance(node, FieldNode):
                key = node.alias.value if node.alias else node.name.value
                if key in found:
                    found[key].nodes.append(node)
                else:
                    found[key] = Selected(key, [node])
            elif isinstance(node, FragmentSpreadNode):
                name = node.name.value
                if name not in seen:
                    seen.add(name)
                    self._collect(self._fragments[name].selection_set, found, seen)
            else:
                # Every type is an object type, so a fragment's condition always holds.
                self._collect(node.selection_set, found, seen)  # type: ignore[attr-defined]

    def _included(self, node: Any) -> bool:
        skip = get_directive_values(GraphQLSkipDirective, node, self._variables)
        include = get_directive_values(GraphQLIncludeDirective, node, self._variables)
        return not (skip and skip["if"]) and (include is None or bool(include["if"]))
