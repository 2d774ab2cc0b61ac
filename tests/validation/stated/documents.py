"""Stated properties as the documents that a model would answer."""

from __future__ import annotations

from fractal_rmo.domain.jsonvalue import Json


def document(holds: str, given: str = "", module: str = "solution", **values: str) -> Json:
    """A property of the parameters ``values``."""
    rows: list[Json] = [{"name": name, "values": text} for name, text in values.items()]
    return {
        "module": module,
        "says": "It is so.",
        "parameters": rows,
        "given": given,
        "holds": holds,
    }
