"""Asking a stated property: the expression in one jail, the code in another."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence

from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.domain.run import Dialogue, Limits, RunEnding, RunRequest, RunResult, Runtime
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.validation.generated.answers import Answer, printable
from fractal_rmo.validation.generated.calls import Call
from fractal_rmo.validation.property.asking import Asker, CannotJudgeError, Variant
from fractal_rmo.validation.stated.expression import BUILTINS
from fractal_rmo.validation.stated.reading import StatedProperty
from fractal_rmo.validation.unjudged import no_jail

LIMITS = Limits(wall_s=5.0, cpu_s=5)
_LONGER_S = 1.0
"""So that code which runs out of time is told by its own jail."""
_MOST_BROKEN_OFF = 3
"""Inputs that took too long, or ended the code's process, before the rest is left."""


class StatedAsker(Asker):
    """Asks one property, and goes on behind an input that took too long."""

    def __init__(self, stated: StatedProperty) -> None:
        super().__init__()
        self._stated = stated

    def ask(self, variant: Variant, calls: Sequence[Call], label: str) -> Dialogue[list[Answer]]:
        """See ``Asker``; values that the description does not allow are not asked."""
        told = [Answer("unreached")] * len(calls)
        left = [n for n, call in enumerate(calls) if self._stated.allows(call.arguments)]
        for _ in range(_MOST_BROKEN_OFF):
            if not left:
                break
            answers = yield from super().ask(variant, [calls[n] for n in left], label)
            reached = [one for one in answers if one.state != "unreached"]
            for n, answer in zip(left, reached, strict=False):
                told[n] = answer
            left = left[len(reached) :] if reached else []
        return told

    def request(self, variant: Variant, calls: Sequence[Call], label: str) -> RunRequest:
        """See ``Asker``."""
        return _request(self._stated, variant[0], calls, label)

    def check(self, result: RunResult) -> None:
        """See ``Asker``."""
        beside = result.beside
        if beside is not None and beside.ending is RunEnding.UNAVAILABLE:
            raise CannotJudgeError(no_jail(beside), beside.ending)
        value = result.value if isinstance(result.value, Mapping) else {}
        if problem := str(value.get("problem") or ""):
            words = f"The code does not offer what the property calls: {printable(problem)}."
            raise CannotJudgeError(words, result.ending)
        if trouble := str(value.get("trouble") or ""):
            words = printable(trouble.partition(": ")[2]).rstrip(".")
            raise CannotJudgeError(f"What the code answers says nothing: {words}.", result.ending)


def _request(
    stated: StatedProperty, code: SourceTree, calls: Sequence[Call], label: str
) -> RunRequest:
    files = {f"code/{path}": text for path, text in code.files.items()}
    payload: dict[str, Json] = {
        "module": stated.module,
        "functions": list(stated.functions),
        "parameters": list(stated.values),
        "given": stated.given.text if stated.given else "",
        "holds": stated.holds.text,
        "sides": list(_sides(stated.holds.text)),
        "builtins": sorted(BUILTINS),
        "inputs": [repr(list(call.arguments.args)) for call in calls],
        "code": [path for path, _ in code.python_files()],
    }
    beside = RunRequest(Runtime.THIN, "serve_code", files, {}, LIMITS)
    own = Limits(wall_s=LIMITS.wall_s + _LONGER_S, cpu_s=LIMITS.cpu_s)
    return RunRequest(Runtime.THIN, "stated_property", {}, payload, own, label, beside)


def _sides(text: str) -> Sequence[str]:
    """What is compared, where the whole is one comparison: to be shown where it fails."""
    match ast.parse(text, mode="eval").body:
        case ast.Compare(left=left, comparators=[right]):
            return [ast.unparse(left), ast.unparse(right)]
    return []
