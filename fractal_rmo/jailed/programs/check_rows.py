"""``check_rows``: rows against a JSON Schema, draft 2020-12, by the library ``jsonschema``.

The payload is ``{"schema", "rows"}``.  The answer is ``{"problem": [path,
sentence], "broken": [[row, path, keyword, sentence]], "more": count}``:
``problem`` says what is wrong with the schema itself, ``row`` is an index, or
-1 for all rows together.  Patterns and formats of a schema are foreign: they
are tried here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from importlib.metadata import version
from itertools import islice
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import SchemaError, ValidationError
from jsonschema_specifications import REGISTRY
from referencing.exceptions import Unresolvable

from fractal_rmo.jailed.layout import Box

MOST = 5_000
"""Breaks that are listed; of the rest only their number is told."""
_CHARS = 200
_FORMATS = FormatChecker(Draft202012Validator.FORMAT_CHECKER.checkers)


@_FORMATS.checks("date-time", ValueError)
def _is_moment(value: object) -> bool:
    """RFC 3339: a date, a time and an offset."""
    if not isinstance(value, str):
        return True
    has_all = len(value) > 18 and value[10:11] in "Tt " and value[:10].count("-") == 2
    return has_all and datetime.fromisoformat(value).tzinfo is not None


def versions() -> dict[str, str]:
    """The library that judges."""
    return {"jsonschema": version("jsonschema")}


def run(_box: Box, payload: Mapping[str, Any]) -> dict[str, Any]:
    """Check the schema, then every row."""
    schema = payload["schema"]
    try:
        Draft202012Validator.check_schema(schema)
        validator = Draft202012Validator(schema, registry=REGISTRY, format_checker=_FORMATS)
        found = _broken(validator, schema, payload["rows"])
        broken = [[row, path, rule, words] for row, path, rule, words in islice(found, MOST)]
        return {"problem": None, "broken": broken, "more": sum(1 for _ in found)}
    except SchemaError as error:
        return _problem("/".join(map(str, error.absolute_path)), error.message)
    except Unresolvable as error:
        return _problem("$ref", f"{error.ref!r} is not in the schema, and nothing is fetched")
    except RecursionError:
        return _problem("", "It refers to itself without end")


def _problem(path: str, sentence: str) -> dict[str, Any]:
    return {"problem": [path[:_CHARS], sentence[:_CHARS]], "broken": [], "more": 0}


def _broken(
    validator: Draft202012Validator, schema: Mapping[str, Any], rows: list[Any]
) -> Iterator[tuple[int, list[str | int], str, str]]:
    if schema.get("type") == "array":
        for error in validator.iter_errors(rows):
            row, *path = [*error.absolute_path] or [-1]
            yield int(row), [*path, *_missing(error)], str(error.validator), error.message[:_CHARS]
        return
    for number, row in enumerate(rows):
        for error in validator.iter_errors(row):
            path = [*error.absolute_path, *_missing(error)]
            yield number, path, str(error.validator), error.message[:_CHARS]


def _missing(error: ValidationError) -> list[str]:
    """The property that is missing, which the library only says in words."""
    if error.validator != "required":
        return []
    names: list[str] = error.validator_value  # type: ignore[assignment]  # what "required" holds
    return [name for name in names if error.message.startswith(f"{name!r} is a ")]
