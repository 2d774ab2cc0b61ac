"""A JSON Schema as far as repairs need it: what each column is asked to be."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from fractal_rmo.domain.errors import ErrorCode, InputError
from fractal_rmo.domain.jsonvalue import Json, JsonObject
from fractal_rmo.profiling.json_text import checked, decoder
from fractal_rmo.profiling.table import BadDataError

_HOPS = 8
_DIALECT = "https://json-schema.org/draft/2020-12/schema"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a column is asked to be; nothing where the schema does not say it plainly."""

    types: frozenset[str] = frozenset()
    members: tuple[Json, ...] = ()
    format: str = ""
    has_default: bool = False
    default: Json = None


def read_schema(path: str, text: str) -> JsonObject:
    """The schema in a file.  Raises ``InputError`` (BAD_SCHEMA) for what is no JSON object.

    Whether it is a schema is asked in a jail (``rows``).
    """
    try:
        schema = decoder().decode(text.removeprefix("\ufeff"))
        why = checked(schema)
    except (ValueError, BadDataError) as error:
        raise InputError(ErrorCode.BAD_SCHEMA, f"{path}: {error}") from error
    except RecursionError:
        schema, why = {}, "It is nested too deeply."
    if why or not isinstance(schema, dict):
        raise InputError(ErrorCode.BAD_SCHEMA, f"{path}: {why or 'A JSON object is expected.'}")
    dialect = schema.get("$schema", _DIALECT)
    if not isinstance(dialect, str) or dialect.rstrip("#") != _DIALECT:
        raise InputError(ErrorCode.BAD_SCHEMA, f"{path}: $schema: only {_DIALECT} is understood.")
    return schema


def asked_of(schema: JsonObject) -> dict[str, Asked]:
    """What each column is asked to be, by the ``properties`` of a row's schema.

    A schema of the whole list is one of ``type`` array, whose ``items`` are a row's.
    """
    root: Mapping[str, Json] = schema
    row = _resolved(root, root)
    if row.get("type") == "array":
        row = _resolved(row.get("items"), root)
    properties = row.get("properties")
    found = properties if isinstance(properties, Mapping) else {}
    return {str(name): _asked(_resolved(value, root)) for name, value in found.items()}


def _asked(column: Mapping[str, Json]) -> Asked:
    types = column.get("type")
    named = [types] if isinstance(types, str) else types
    members = column.get("enum", [column["const"]] if "const" in column else [])
    given = column.get("format")
    return Asked(
        types=frozenset(map(str, named)) if isinstance(named, list) else frozenset(),
        members=tuple(members) if isinstance(members, list) else (),
        format=given if isinstance(given, str) else "",
        has_default="default" in column,
        default=column.get("default"),
    )


def _resolved(value: Json, root: Mapping[str, Json]) -> Mapping[str, Json]:
    """A part of the schema behind its references into itself."""
    for _ in range(_HOPS):
        if not isinstance(value, Mapping):
            return {}
        target = value.get("$ref")
        if not isinstance(target, str) or not target.startswith("#/"):
            return value
        value = _at(target, root)
    return {}


def _at(pointer: str, root: Mapping[str, Json]) -> Json:
    found: Json = dict(root)
    for part in pointer[2:].split("/"):
        name = part.replace("~1", "/").replace("~0", "~")
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def dumped(value: Json) -> str:
    """A value as JSON text, for people."""
    return json.dumps(value, ensure_ascii=False)
