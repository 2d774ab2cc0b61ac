"""An answer's text, read as the document that was asked for."""

from __future__ import annotations

import json
import re
from typing import Any

from jsonschema import Draft202012Validator, ValidationError

from fractal_rmo.domain.jsonvalue import Json, JsonObject
from fractal_rmo.domain.model import ModelError, ModelTrouble

_FENCED = re.compile(r"```(?:json)?\s*\n(.*?)\n\s*```", re.DOTALL)


def asks_for(schema: JsonObject) -> str:
    """The words that ask for the schema where the server may not enforce it."""
    return (
        "Answer with one JSON document and nothing else. It must fit this JSON Schema:\n"
        + json.dumps(plain(schema), indent=1, ensure_ascii=False)
    )


def read(text: str, schema: JsonObject) -> JsonObject:
    """The document in an answer.

    Servers that do not enforce a schema wrap it in prose or in a fence; then
    it is what the fence holds, or what lies between the outermost braces.
    Raises ``ModelError`` (MALFORMED) with the path into the document and what
    was expected there, in words of the schema: they go into the next question.
    """
    document = _document(text)
    validator = Draft202012Validator(plain(schema))
    found = min(validator.iter_errors(document), key=lambda each: each.json_path, default=None)
    if found is not None:
        detail = f"At {found.json_path}: {_expected(found)}"
        raise ModelError(ModelTrouble.MALFORMED, detail)
    if not isinstance(document, dict):
        raise ModelError(ModelTrouble.MALFORMED, "The answer is no JSON object.")
    return document


def is_strict(schema: Json) -> bool:
    """Whether every object in it names all of its keys and takes no others.

    Strict output of OpenAI refuses other schemas.
    """
    if isinstance(schema, dict):
        if schema.get("type") == "object" or "properties" in schema:
            names = set(schema.get("properties") or ())
            closed = schema.get("additionalProperties") is False
            if not closed or set(schema.get("required") or ()) != names:
                return False
        return all(is_strict(part) for part in schema.values())
    if isinstance(schema, list | tuple):
        return all(is_strict(part) for part in schema)
    return True


def _expected(found: ValidationError) -> str:
    """Nothing of the answer is repeated, which may be anybody's words."""
    if found.validator == "required":
        return str(found.message)
    wanted = json.dumps(found.validator_value, ensure_ascii=False, default=dict)
    return f"expected {found.validator} {wanted}"[:200]


def _document(text: str) -> Any:
    candidates = [text, *_FENCED.findall(text), text[text.find("{") : text.rfind("}") + 1]]
    for candidate in candidates:
        try:
            return json.loads(candidate)
        except (ValueError, RecursionError):
            continue
    raise ModelError(ModelTrouble.MALFORMED, "The answer holds no JSON document.")


def plain(schema: JsonObject) -> dict[str, Any]:
    """The schema in mutable objects, as the SDKs want it."""
    copy: dict[str, Any] = json.loads(json.dumps(schema, default=dict))
    return copy
