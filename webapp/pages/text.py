"""How things are said and shown: words, figures, and characters that would deceive the eye."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from flask import Flask
from markupsafe import Markup

from fractal_rmo.domain.lifecycle import Ending
from fractal_rmo.domain.verdict import Outcome

_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ufeff\uffa0\U000e0000-\U000e007f]"
)
"""Controls but line feed and tab, bidirectional overrides, and what has no width."""

OUTCOMES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        Outcome.PASSED: ("✓", "passed"),
        Outcome.FAILED: ("✕", "failed"),
        Outcome.ERROR: ("!", "could not judge"),
        Outcome.NOT_APPLICABLE: ("○", "not applicable"),
        Outcome.FLAKY: ("≈", "flaky"),
    }
)
"""A shape and a word for each, so that no colour has to be told from another."""

ENDINGS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        Ending.PROVEN: ("✓", "Proven"),
        Ending.DELIVERED: ("✓", "Delivered"),
        Ending.NOT_PROVEN: ("✕", "Not proven"),
        Ending.CANCELLED: ("○", "Cancelled"),
        Ending.OVER_BUDGET: ("✕", "Over budget"),
        Ending.DEADLINE: ("✕", "Out of time"),
        Ending.INFRASTRUCTURE: ("!", "Infrastructure failed"),
        Ending.REFUSED: ("○", "Refused"),
        "": ("▸", "Running"),
    }
)


class Typed(str):
    """What a person typed, given back into its field exactly as it was."""

    __slots__ = ()


def register(app: Flask) -> None:
    """Filters and words for the templates.

    ``finalize`` meets every value that any template prints, so that none can
    be forgotten; only the fields of a form ask for what was typed.
    """
    app.jinja_env.finalize = _shown
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.add_template_filter(Typed, "typed")
    app.add_template_filter(seconds)
    app.add_template_filter(moment)
    app.add_template_filter(columns)
    app.jinja_env.globals.update(OUTCOMES=OUTCOMES, ENDINGS=ENDINGS)


def visible(text: str) -> str:
    """The text with characters that hide or reorder others written out: ``⟨U+202E⟩``."""
    return _HIDDEN.sub(lambda found: f"⟨U+{ord(found[0]):04X}⟩", text.replace("\r\n", "\n"))


def _shown(value: object) -> object:
    if isinstance(value, str) and not isinstance(value, (Markup, Typed)):
        return visible(value)
    return "" if value is None else value


def seconds(value: float | None) -> str:
    """A duration as short as it can be said: ``4 ms``, ``1.3 s``, ``2 min 5 s``."""
    if value is None:
        return ""
    if value < 0.1:
        return f"{value * 1000:.0f} ms"
    if value < 100:
        return f"{value:.1f} s"
    minutes, rest = divmod(round(value), 60)
    return f"{minutes} min {rest} s"


def moment(iso: str) -> str:
    """A time of the tables as a person reads it, in UTC."""
    return iso[:19].replace("T", " ")


def columns(rows: Sequence[object]) -> list[str]:
    """The names of all fields when every row is an object of short values, else none."""
    names: dict[str, None] = {}
    for row in rows:
        if not isinstance(row, Mapping) or not all(map(_is_short, row.values())):
            return []
        names |= dict.fromkeys(row)
    return list(names)


def _is_short(value: object) -> bool:
    if isinstance(value, str):
        return "\n" not in value
    return value is None or isinstance(value, (int, float))
