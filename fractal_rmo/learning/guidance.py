"""Patterns in words, for the next question to a model.

Every word is of these templates.  What fills them is a number, a kind of task, a
level, an outcome, or the name of an exception that Python itself defines: a pattern
comes of errors that anybody may cause, and names that a task invents are text of it.
"""

from __future__ import annotations

import builtins
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.domain.pattern import Pattern
from fractal_rmo.domain.task import TaskKind
from fractal_rmo.domain.verdict import Level, Outcome

VERSION = 1
"""Of the templates: raised with every change of their words."""
MOST_PATTERNS = 3
LEAST_SUBMITTERS = 2
"""One submitter alone guides nobody."""
_LEVELS: Mapping[Level, str] = MappingProxyType(
    {
        Level.SYNTAX: "Every file has to parse by itself.",
        Level.STATIC: "Names have to exist and be used, types to fit, and nothing may be left to"
        " what static tools call critical.",
        Level.UNIT: "The result has to be right for every case that the task names, in any order"
        " of the tests.",
        Level.INTEGRATION: "Every module has to be importable in a fresh interpreter, without"
        " effects.",
        Level.PROPERTY: "Inputs that nobody chose come: empty, zero, negative, huge and repeated"
        " ones. The answer has to hold for them, or the error to be a documented one.",
        Level.MUTATION: "Every line has to matter: leave out branches that no test can tell from"
        " their absence.",
    }
)
_ERRORS: Mapping[str, str] = MappingProxyType(
    {
        "AssertionError": "Compare the answer with the expected one for the smallest inputs first.",
        "AttributeError": "Check what each value is before a name of it is used, None included.",
        "IndexError": "Check borders, and sequences without elements.",
        "KeyError": "Check keys that are missing.",
        "NameError": "Check that every name is defined or imported where it is used.",
        "RecursionError": "Check that every recursion ends, or use a loop.",
        "TypeError": "Check the number and the types of arguments, None included.",
        "UnboundLocalError": "Check that every name has a value on every path.",
        "ValueError": "Check values that a conversion or an unpacking does not take.",
        "ZeroDivisionError": "Check divisors that are zero, and means of nothing.",
    }
)


def guidance(patterns: Iterable[Pattern]) -> tuple[str, ...]:
    """A sentence or two for each of the best supported patterns, at most ``MOST_PATTERNS``.

    A pattern of one submitter, or of no kind and level that are known here, says nothing.
    """
    ordered = sorted(patterns, key=lambda p: (-p.submitters, -p.support, p.type))
    said = (_said(pattern) for pattern in ordered if pattern.submitters >= LEAST_SUBMITTERS)
    return tuple(dict.fromkeys(filter(None, said)))[:MOST_PATTERNS]


def _said(pattern: Pattern) -> str:
    signed = pattern.signature
    try:
        kind, outcome = TaskKind(str(signed.get("kind"))), Outcome(str(signed.get("outcome")))
        level = Level(int(str(signed.get("level"))))
    except ValueError:
        return ""
    named = [*_exceptions(signed.get("errors"))]
    seen = f", with {' and '.join(named)}" if named else ""
    ended = outcome.value.replace("_", " ")
    advice = " ".join([_LEVELS[level], *(_ERRORS[name] for name in named if name in _ERRORS)])
    return (
        f"{int(pattern.support)} results for tasks of kind {kind} ended at level {int(level)}"
        f" ({level.name.lower()}) as {ended}{seen}, of {int(pattern.submitters)} independent"
        f" sources. {advice}"
    )


def _exceptions(names: Json) -> Iterator[str]:
    """Those of the names that are exceptions of Python itself."""
    for name in names if isinstance(names, list | tuple) else ():
        found = vars(builtins).get(str(name))
        if isinstance(found, type) and issubclass(found, Exception):
            yield found.__name__
