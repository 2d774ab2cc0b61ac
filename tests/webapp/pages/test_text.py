"""Nothing that is shown can hide what it is."""

from __future__ import annotations

import unicodedata

import pytest
from flask import Flask, render_template_string

from webapp.pages import text


@pytest.fixture
def app() -> Flask:
    found = Flask(__name__)
    text.register(found)
    return found


def test_line_ends_and_tabs_stay() -> None:
    assert text.visible("a\n\tb\r\nc") == "a\n\tb\nc"


@pytest.mark.parametrize(
    "character", ["\x1b", "\r", "\x00", "\x7f", "\x9b", "\u202e", "\u2066", "\u200b", "\ufeff"]
)
def test_what_would_deceive_is_written_out(character: str) -> None:
    assert text.visible(f"a{character}b") == f"a⟨U+{ord(character):04X}⟩b"


def test_no_control_or_direction_is_forgotten() -> None:
    bidi = {"LRE", "RLE", "PDF", "LRO", "RLO", "LRI", "RLI", "FSI", "PDI"}
    for number in range(0x11000):
        one = chr(number)
        deceives = unicodedata.category(one) == "Cc" or unicodedata.bidirectional(one) in bidi
        if deceives and one not in "\n\t":
            assert one not in text.visible(one), hex(number)


def test_every_value_of_every_template_passes(app: Flask) -> None:
    template = (
        "{{ given }}|{{ given ~ '!' }}|{{ {'a': given}.a|upper }}|{{ given|typed }}|{{ nothing }}"
    )
    with app.app_context():
        shown = render_template_string(template, given="<\x1b", nothing=None)
    escaped = "&lt;⟨U+001B⟩"
    assert shown == f"{escaped}|{escaped}!|{escaped}|&lt;\x1b|"


@pytest.mark.parametrize(
    ("given", "said"),
    [(None, ""), (0.004, "4 ms"), (1.26, "1.3 s"), (125.0, "2 min 5 s"), (300.0, "5 min 0 s")],
)
def test_durations_are_short(given: float | None, said: str) -> None:
    assert text.seconds(given) == said


def test_rows_of_short_values_have_columns() -> None:
    assert text.columns([{"a": 1}, {"b": None, "a": "x"}]) == ["a", "b"]
    assert text.columns([{"a": "x\ny"}]) == []
    assert text.columns(["x"]) == []
