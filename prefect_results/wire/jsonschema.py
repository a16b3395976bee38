"""JSON Schemas of states and results, made from the marshmallow schemas.

`python -m prefect_results.wire.jsonschema` writes them into `schemas/`, with `--check` it fails
where they differ from what lies there. The running library never reads them. Not here: older
forms, which are upgraded when they are loaded.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from marshmallow import Schema

from prefect_results.wire import fields, links
from prefect_results.wire.family import OneOfSchema
from prefect_results.wire.results import CUSTOM, ResultSchema
from prefect_results.wire.states import StateSchema

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def generate() -> dict[str, dict[str, Any]]:
    """Returns the JSON Schema of each published contract, by file name."""
    return {
        "result.json": _document("Result", {"Result": _results(), "Serializer": _serializer()}),
        "state.json": _document(
            "State", {"State": _states(), "Result": _results(), "Serializer": _serializer()}
        ),
    }


def _document(name: str, definitions: dict[str, Any]) -> dict[str, Any]:
    return {
        "$schema": DIALECT,
        "title": name,
        "$ref": f"#/$defs/{name}",
        "$defs": definitions,
    }


def _states() -> dict[str, Any]:
    return _family(StateSchema, StateSchema.type_schemas)


def _results() -> dict[str, Any]:
    known = {name: one for name, one in ResultSchema.type_schemas.items() if name != CUSTOM}
    own = {name: one for name, one in known.items() if _is_own(one)}
    family = _family(ResultSchema, own)
    family["oneOf"].append(
        {
            "title": "UnknownResult",
            "description": "A type of a user's own; kept as it is where it is not registered.",
            "type": "object",
            "properties": {
                "type": {"type": "string", "not": {"enum": sorted(own)}},
                "location": {"type": ["string", "null"]},
            },
            "required": ["type"],
        }
    )
    return family


def _is_own(schema: Any) -> bool:
    kind: str = schema.opts.object_class.__module__
    return kind.startswith("prefect_results.")


def _serializer() -> dict[str, Any]:
    return {
        "description": "The type of a serializer, with its options beside it.",
        "type": "object",
        "properties": {"type": {"type": "string"}},
        "required": ["type"],
    }


def _family(schema: type[OneOfSchema], members: Any) -> dict[str, Any]:
    return {
        "description": _first_line(schema),
        "oneOf": [_member(name, one) for name, one in sorted(members.items())],
    }


def _member(name: str, schema: type[Schema]) -> dict[str, Any]:
    instance = schema()
    properties: dict[str, Any] = {}
    required = ["type"]
    for key, field in instance.fields.items():
        described = _field(field)
        if key == "type":
            described = {"const": name}
        elif field.metadata.get("description"):
            described = {"description": field.metadata["description"], **described}
        properties[key] = described
        if field.required:
            required.append(key)
    kind = schema.opts.object_class
    return {
        "title": name,
        "description": _first_line(kind),
        "type": "object",
        "properties": properties,
        "required": required,
    }


def _first_line(kind: type) -> str:
    return (kind.__doc__ or "").strip().partition("\n")[0]


def _field(field: Any) -> dict[str, Any]:
    """Returns the JSON Schema of a field's values."""
    if isinstance(field, links.Link):
        target = type(field.schema).__name__.removesuffix("Schema")
        reference = {"$ref": f"#/$defs/{target}"}
        return {"oneOf": [reference, {"type": "null"}]} if field.allow_none else reference
    if isinstance(field, fields.JSONCompatible):
        return {}
    described = _scalar(field)
    if field.allow_none:
        described["type"] = [described["type"], "null"]
    return described


def _scalar(field: Any) -> dict[str, Any]:
    if isinstance(field, fields.Keyed):
        return {"type": "object", "additionalProperties": _field(field.value_field)}
    if isinstance(field, fields.Whole):
        return {"type": "integer", **({"minimum": 0, "maximum": field.most} if field.most else {})}
    if isinstance(field, fields.Flag):
        return {"type": "boolean"}
    if isinstance(field, fields.Instant):
        return {"type": "string", "format": "date-time"}
    if isinstance(field, (fields.Text, links.TypeName)):
        return {"type": "string"}
    raise TypeError(f"No JSON Schema is known for a {type(field).__name__}")


def texts() -> dict[str, str]:
    """Returns the published files, by name."""
    return {name: json.dumps(schema, indent=2) + "\n" for name, schema in generate().items()}


def main(arguments: list[str] | None = None) -> int:
    """Writes or checks the published files; returns the exit status.

    Args:
        arguments: those of the command line by default.
    """
    parser = argparse.ArgumentParser(description="Write the JSON Schemas of states and results.")
    parser.add_argument("folder", nargs="?", default="schemas", type=Path)
    parser.add_argument("--check", action="store_true", help="fail where a file is out of date")
    options = parser.parse_args(arguments)
    stale = []
    for name, text in texts().items():
        path = options.folder / name
        if path.exists() and path.read_text() == text:
            continue
        stale.append(str(path))
        if not options.check:
            options.folder.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    if stale and options.check:
        print(f"Out of date: {', '.join(stale)}; run python -m {__spec__.name}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
