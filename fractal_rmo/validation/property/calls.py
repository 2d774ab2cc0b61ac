"""Calls of the code's functions in a jail of their own: the request, and the answers as data.

What comes back was written beside the code, so it is read defensively and is
never a judgement: only an answer, to be compared with another.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.domain.run import Limits, RunRequest, RunResult, Runtime
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.validation.property.arguments import Arguments
from fractal_rmo.validation.property.targets import Target

CALL_LIMITS = Limits(wall_s=8.0, cpu_s=8)
TEXT_CHARS = 300
_DEEPEST = 130
"""Levels of a form: honest ones have three for each of the forty that a value may have."""
_REL, _ABS = 1e-9, 1e-12


@dataclass(frozen=True)
class Call:
    """A call of a function; ``then`` are functions that are called in turn with the answer."""

    target: Target
    arguments: Arguments
    then: tuple[str, ...] = ()

    def __str__(self) -> str:
        text = f"{self.target.place}({self.arguments})"
        for name in self.then:
            text = f"{self.target.module}.{name}({text})"
        return text

    def as_json(self) -> dict[str, Json]:
        """What the program in the jail is asked."""
        return {
            "module": self.target.module,
            "name": self.target.name,
            "args": repr(list(self.arguments.args)),
            "named": repr(dict(self.arguments.named)),
            "then": list(self.then),
        }


@dataclass(frozen=True)
class Answer:
    """How one call ended: ``value``, ``raised``, or why there is nothing to compare.

    ``state`` is "value", "raised", "too_large", "late", "gone" or "unreached".
    ``form`` is the value as ``answer_forms`` tells it, ``text`` as a person
    would type it; ``error``, ``path`` and ``line`` belong to an exception.
    """

    state: str
    form: Json = None
    text: str = ""
    error: str = ""
    path: str = ""
    line: int = 0
    changed: bool = False

    def __str__(self) -> str:
        if self.state == "raised":
            return f"raises {self.error}" + (f": {self.text}" if self.text else "")
        return f"gives {self.text}" if self.state == "value" else self.state.replace("_", " ")

    @property
    def ended(self) -> bool:
        """Whether there is an answer at all, a value or an exception."""
        return self.state in ("value", "raised")


def call_request(
    code: SourceTree, calls: Sequence[Call], label: str, hash_seed: int = 0
) -> RunRequest:
    """A run of the calls, in their order, in a fresh process under one of two hash seeds."""
    files = {f"code/{path}": text for path, text in code.files.items()}
    payload: dict[str, Json] = {"calls": [c.as_json() for c in calls], "hash_seed": hash_seed}
    return RunRequest(Runtime.THIN, "call_functions", files, payload, CALL_LIMITS, label)


def read_answers(result: RunResult, count: int) -> tuple[list[Answer], str] | None:
    """(answers, why the code could not be imported) of a completed run; None for other forms."""
    value = result.value
    if not isinstance(value, Mapping):
        return None
    answers, problem = value.get("answers"), value.get("problem")
    if not isinstance(answers, list) or len(answers) != count or not isinstance(problem, str):
        return None
    return [_read(answer) for answer in answers], printable(problem)


def _read(answer: Json) -> Answer:
    """One answer; what has no known form counts as none."""
    if not isinstance(answer, Mapping):
        return Answer("unreached")
    if (raised := answer.get("raised")) is not None:
        return _read_raised(raised)
    text = answer.get("text")
    if "value" in answer and isinstance(text, str) and _is_bounded(answer["value"]):
        changed = answer.get("changed") is True
        return Answer("value", answer["value"], printable(text), changed=changed)
    known = [state for state in ("too_large", "late") if answer.get(state) is True]
    return Answer(known[0] if known else "gone")


def _is_bounded(form: Json, left: int = _DEEPEST) -> bool:
    if not isinstance(form, list):
        return isinstance(form, bool | int | float | str | None)
    return left > 0 and all(_is_bounded(part, left - 1) for part in form)


def _read_raised(raised: Json) -> Answer:
    if not isinstance(raised, list) or len(raised) != 4:
        return Answer("gone")
    error, text, path, line = raised
    if not (isinstance(error, str) and isinstance(text, str) and isinstance(path, str)):
        return Answer("gone")
    number = line if isinstance(line, int) else 0
    return Answer("raised", None, printable(text), printable(error), printable(path), number)


def printable(text: str, most: int = TEXT_CHARS) -> str:
    """Foreign text for a person: no control characters, no half characters, and not too long."""
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    return shown if len(shown) <= most else f"{shown[: most - 1]}…"


# --- comparisons ------------------------------------------------------------------------


def agree(one: Answer, two: Answer) -> bool:
    """Whether two answers are the same, as far as that can be told.

    Values agree up to rounding; exceptions by their type; an answer that did
    not come, or came too late, agrees with everything.
    """
    if not (one.ended and two.ended):
        return True
    if one.state != two.state:
        return False
    return one.error == two.error if one.state == "raised" else _same(one.form, two.form)


def agree_but_for_order(one: Answer, two: Answer) -> bool:
    """Whether two answers are the same when the order in lists, tuples and texts is left out."""
    if one.state != two.state or one.state != "value":
        return agree(one, two)
    return _same(_unordered(one.form), _unordered(two.form))


def _same(one: Json, two: Json) -> bool:
    if isinstance(one, list) and isinstance(two, list):
        return len(one) == len(two) and all(map(_same, one, two))
    if isinstance(one, int) and isinstance(two, int):
        return one == two
    if isinstance(one, int | float) and isinstance(two, int | float):
        return _close(one, two)
    return type(one) is type(two) and one == two


def _close(one: float, two: float) -> bool:
    """Whether two numbers differ by rounding only; integers may be too wide for a float."""
    try:
        return math.isclose(one, two, rel_tol=_REL, abs_tol=_ABS)
    except OverflowError:
        return False


def _unordered(form: Json) -> Json:
    if isinstance(form, str):
        return "".join(sorted(form))
    if not isinstance(form, list):
        return form
    if len(form) == 2 and form[0] in ("list", "tuple", "iterator") and isinstance(form[1], list):
        return [form[0], sorted(map(_unordered, form[1]), key=json.dumps)]
    return [_unordered(part) for part in form]
