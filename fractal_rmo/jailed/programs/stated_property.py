"""``stated_property``: an expression about functions of the code, which is in another jail.

The expression is evaluated here, on the tests' side, so that what the code
answers crosses as data and is compared by nothing of the code's.

An answer is told as in ``calling``: true or false, null where ``given`` is
false of the input, ``raised``, ``late``, or ``gone`` (the code's jail has
ended).  After the last two nothing more is asked: the link is in no known state.
"""

from __future__ import annotations

import ast
import builtins
import importlib
import math
import signal
from collections.abc import Mapping, Sequence
from types import CodeType, FrameType
from typing import Any, NoReturn

from fractal_rmo.jailed.layout import Box
from fractal_rmo.jailed.programs.plain_data import shortened, told
from fractal_rmo.jailed.split.importing import install, top_level_names
from fractal_rmo.jailed.split.link import asking, open_link
from fractal_rmo.jailed.split.mirror import Mirror
from fractal_rmo.jailed.split.objects import CandidateGoneError

Json = Any
INPUT_S = 0.5
_IMPORT_S = 5.0


class _LateError(BaseException):
    """No expression takes this for an exception of the code."""


def run(_: Box, payload: Mapping[str, Any]) -> dict[str, Any]:
    """Answers in the order of ``payload["inputs"]``, null for those not reached.

    ``problem`` says why nothing could be asked, ``trouble`` why no answer counts.
    """
    signal.signal(signal.SIGALRM, _leave)
    mirror = Mirror(asking(open_link(payload["link"])))
    install(mirror, top_level_names(payload["code"]))
    known, problem = _known(payload)
    answers: list[Json] = []
    if not problem:
        asked = _Asked(payload, known)
        for text in payload["inputs"]:
            answers.append(asked.answer(ast.literal_eval(text)))
            if {"late", "gone"} & answers[-1].keys():
                break
    found = mirror.trouble
    is_gone = isinstance(found, CandidateGoneError)
    unreached = [None] * (len(payload["inputs"]) - len(answers))
    return {
        "answers": [*answers, *unreached],
        "problem": problem,
        "trouble": f"{type(found).__name__}: {found}" if found and not is_gone else "",
    }


def _leave(_: int, __: FrameType | None) -> NoReturn:
    raise _LateError


def _known(payload: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
    """(the functions of the code by their names, why they could not be had)."""
    signal.setitimer(signal.ITIMER_REAL, _IMPORT_S)
    name = ""
    try:
        module = importlib.import_module(payload["module"])
        found = {}
        for name in payload["functions"]:
            found[name] = getattr(module, name)
    except BaseException as error:  # noqa: BLE001 - also an exit at import, or none that ends
        return {}, f"{payload['module']}.{name}".strip(".") + f": {type(error).__name__}"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return found, ""


class _Asked:
    """The expressions of one property, compiled."""

    def __init__(self, payload: Mapping[str, Any], known: Mapping[str, Any]) -> None:
        self._names: Sequence[str] = payload["parameters"]
        self._given = _compiled(payload["given"] or "True")
        self._holds = _compiled(payload["holds"])
        self._sides = [_compiled(side) for side in payload["sides"]]
        allowed = {name: getattr(builtins, name) for name in payload["builtins"]}
        self._space = {"__builtins__": allowed, "math": math, **known}

    def answer(self, values: Sequence[Any]) -> dict[str, Json]:
        """What becomes of one input."""
        signal.setitimer(signal.ITIMER_REAL, INPUT_S)
        try:
            if not self._is_given(values):
                return told(None)
            if self._value(self._holds, values):
                return told(True)
            sides = [told(self._value(s, values)).get("text", "…") for s in self._sides]
            words = f"False: it compares {' with '.join(sides)}" if sides else "False"
            return {**told(False), "text": shortened(words)}
        except _LateError:
            return {"late": True}
        except MemoryError:
            return {"too_large": True}
        except CandidateGoneError:
            return {"gone": "the code's process ended"}
        except BaseException as error:  # noqa: BLE001 - whatever it is, it is told
            return {"raised": [type(error).__name__[:100], _words(error), "", 0]}
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)

    def _is_given(self, values: Sequence[Any]) -> bool:
        """A precondition that cannot be worked out for an input was not meant for it."""
        try:
            return bool(self._value(self._given, values))
        except Exception:  # noqa: BLE001 - mostly a maximum of nothing, or a place beyond the end
            return False

    def _value(self, code: CodeType, values: Sequence[Any]) -> Any:
        """The value, on fresh arguments: a function may change what it is given."""
        fresh = [ast.literal_eval(repr(value)) for value in values]
        space = {**self._space, **dict(zip(self._names, fresh, strict=True))}
        return eval(code, space)  # noqa: S307  # pylint: disable=eval-used  # let in form by form


def _compiled(text: str) -> CodeType:
    return compile(text, "<stated>", "eval")


def _words(error: BaseException) -> str:
    try:
        return shortened(str(error))
    except Exception:  # noqa: BLE001 - foreign code
        return ""
