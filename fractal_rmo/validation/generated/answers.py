"""What calls answered, read defensively and compared.

It was written beside the code, so it is never a judgement: only an answer, to
be compared with another.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass

from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.domain.run import RunResult

TEXT_CHARS = 1000
SHOWN_CHARS = 300
_DEEPEST = 130
"""Levels of a form: honest ones have three for each of the forty that a value may have."""
_REL, _ABS = 1e-9, 1e-12


@dataclass(frozen=True)
class Answer:
    """How one call ended: ``value``, ``raised``, or why there is nothing to compare.

    ``state`` is "value", "raised", "too_large", "late", "gone" or "unreached".
    ``form`` is the value as ``plain_data`` tells it, ``text`` as a person
    would type it, it says nothing less where it is ``whole``; ``left`` is the text
    of the positional arguments that the call ``changed``.  ``error``, ``path``
    and ``line`` belong to an exception, whose message ``text`` is; of what is
    gone it says how the process ended.  ``message`` and ``printed`` are as the
    code wrote them: to be shown as ``repr`` only.
    """

    state: str
    form: Json = None
    text: str = ""
    error: str = ""
    path: str = ""
    line: int = 0
    changed: bool = False
    whole: bool = False
    left: str = ""
    message: str = ""
    printed: str = ""

    def __str__(self) -> str:
        text = cut(self.text)
        if self.state == "raised":
            return f"raises {self.error}" + (f": {text}" if text else "")
        if self.state == "value":
            return f"gives an iterator over {text}" if self.is_iterator else f"gives {text}"
        return f"ends the process: {text}" if self.state == "gone" else self.state.replace("_", " ")

    @property
    def ended(self) -> bool:
        """Whether there is an answer at all, a value or an exception."""
        return self.state in ("value", "raised")

    @property
    def is_iterator(self) -> bool:
        """Whether ``text`` is that of the list of what it gives."""
        return isinstance(self.form, list) and self.form[:1] == ["iterator"]


def read_answers(result: RunResult, count: int) -> tuple[list[Answer], str] | None:
    """(answers, why the code could not be imported) of a completed run; None for other forms."""
    value = result.value
    if not isinstance(value, Mapping):
        return None
    answers, problem = value.get("answers"), value.get("problem")
    if not isinstance(answers, list) or len(answers) != count or not isinstance(problem, str):
        return None
    return [read_answer(answer) for answer in answers], printable(problem)


def read_answer(answer: Json) -> Answer:
    """One answer; what has no known form counts as none."""
    if not isinstance(answer, Mapping):
        return Answer("unreached")
    printed = answer.get("printed")
    printed = printed[:TEXT_CHARS] if isinstance(printed, str) else ""
    if (raised := answer.get("raised")) is not None:
        return _read_raised(raised, printed)
    text = answer.get("text")
    if "value" in answer and isinstance(text, str) and _is_bounded(answer["value"]):
        changed, left = "left" in answer, _whole_text(answer.get("left"))
        whole = bool(_whole_text(answer))
        text = printable(text, TEXT_CHARS)
        form = answer["value"]
        return Answer("value", form, text, changed=changed, whole=whole, left=left, printed=printed)
    if isinstance(gone := answer.get("gone"), str):
        return Answer("gone", text=printable(gone))
    known = [state for state in ("too_large", "late") if answer.get(state) is True]
    return Answer(known[0] if known else "unreached")


def _whole_text(told: Json) -> str:
    """The text of a value if it is said to be all of it; else ""."""
    text = told.get("text") if isinstance(told, Mapping) and told.get("whole") is True else None
    is_all = isinstance(text, str) and len(text) <= TEXT_CHARS
    return printable(text, TEXT_CHARS) if is_all and isinstance(text, str) else ""


def _is_bounded(form: Json, left: int = _DEEPEST) -> bool:
    if not isinstance(form, list):
        return isinstance(form, bool | int | float | str | None)
    return left > 0 and all(_is_bounded(part, left - 1) for part in form)


def _read_raised(raised: Json, printed: str) -> Answer:
    if not isinstance(raised, list) or len(raised) != 4:
        return Answer("unreached")
    error, text, path, line = raised
    if not (isinstance(error, str) and isinstance(text, str) and isinstance(path, str)):
        return Answer("unreached")
    number, message = line if isinstance(line, int) else 0, text[:TEXT_CHARS]
    shown = printable(text), printable(error), printable(path)
    return Answer("raised", None, *shown, number, message=message, printed=printed)


def printable(text: str, most: int = SHOWN_CHARS) -> str:
    """Foreign text for a person: no control characters, no half characters, and not too long."""
    shown = (c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    return cut("".join(shown), most)


def cut(text: str, most: int = SHOWN_CHARS) -> str:
    """At most so many characters, the cut marked."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


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
