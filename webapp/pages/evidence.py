"""What the upper levels saw, taken out of their evidence for people to read.

Evidence is JSON that a level wrote, in part of what a jail had told it, so it is
read defensively: what has no known form stays among the rest, as it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.domain.verdict import Level, Verdict

_HEADINGS: Mapping[Level, Mapping[str, str]] = MappingProxyType(
    {
        Level.SYNTAX: {"notes": "Notes to look at"},
        Level.STATIC: {"failures": "What breaks the schema"},
        Level.INTEGRATION: {"failures": "What failed", "not_judged": "What could not be judged"},
        Level.PROPERTY: {
            "counter_examples": "Counter-examples",
            "notes": "Notes to look at",
            "stated": "Properties that a model stated",
        },
        Level.MUTATION: {
            "gaps": "Gaps of the tests",
            "survivors": "Faults that no test noticed",
            "not_kills": "Faults that ended the tests another way",
        },
    }
)
_ASKED = {"gaps", "counter_examples"}
_TITLES = ("question", "message", "call", "function", "holds")
_TAGS = ("status", "ending", "kind", "property", "outcome")
_SAID = ("says", "command", "text", "output", "answer", "why")


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that was seen; ``diff`` are (kind, line) pairs as of a patch."""

    title: str
    tag: str
    place: str
    says: tuple[str, ...]
    diff: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Told:
    """Evidence in groups of entries under a heading, and whatever else there is."""

    groups: tuple[tuple[str, tuple[Entry, ...]], ...]
    rest: Mapping[str, Json]


def told(verdict: Verdict, *, asked_elsewhere: bool = False) -> Told:
    """The evidence of a verdict; without questions where a form asks them."""
    headings = _HEADINGS.get(verdict.level, {})
    groups = {name: _entries(verdict.evidence.get(name)) for name in headings}
    shown = {name: found for name, found in groups.items() if found is not None}
    hidden = _ASKED if asked_elsewhere else set()
    return Told(
        tuple((headings[n], found) for n, found in shown.items() if found and n not in hidden),
        {name: value for name, value in verdict.evidence.items() if name not in shown},
    )


def _entries(value: Json) -> tuple[Entry, ...] | None:
    """The entries of a list of objects; None for anything else."""
    if not isinstance(value, Sequence) or isinstance(value, str):
        return None
    items = [item for item in value if isinstance(item, Mapping)]
    return tuple(map(_entry, items)) if len(items) == len(value) else None


def _entry(item: Mapping[str, Json]) -> Entry:
    line = item.get("line")
    path = _text(item, "path")
    answers = item.get("answers")
    told_answers = [str(each) for each in answers] if isinstance(answers, list) else []
    return Entry(
        title=next((text for name in _TITLES if (text := _text(item, name))), ""),
        tag=next((text for name in _TAGS if (text := _text(item, name))), ""),
        place=f"{path}, line {line}" if line else path,
        says=(*filter(None, (_text(item, name) for name in _SAID)), *dict.fromkeys(told_answers)),
        diff=changed_lines(_text(item, "diff")) or _compared(item),
    )


def changed_lines(diff: str) -> tuple[tuple[str, str], ...]:
    """(kind, line) of a small diff without a head: ``add``, ``drop`` or ``same``."""
    lines = diff.split("\n") if diff else []
    return tuple(({"+": "add", "-": "drop"}.get(line[:1], "same"), line) for line in lines)


def _compared(item: Mapping[str, Json]) -> tuple[tuple[str, str], ...]:
    """What an example promises and what the code printed, as a change of the one to the other."""
    if not {"expected", "got"} <= item.keys():
        return ()
    promised, printed = (_text(item, name).splitlines() for name in ("expected", "got"))
    return (
        *(("drop", f"-{line}") for line in promised),
        *(("add", f"+{line}") for line in printed),
    )


def _text(item: Mapping[str, Json], name: str) -> str:
    value = item.get(name)
    return value if isinstance(value, str) else ""
