"""Asking the code: runs of calls, and the search for the smallest call that breaks a property."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.domain.run import Dialogue, RunEnding, RunRequest, RunResult
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.validation.generated.answers import Answer, printable, read_answers
from fractal_rmo.validation.generated.calls import Call, call_request
from fractal_rmo.validation.property.shrink import simpler
from fractal_rmo.validation.unjudged import NO_SCHEMA, no_jail

MAX_ROUNDS = 12
Variant: TypeAlias = tuple[SourceTree, int]
"""Code, and the hash seed under which it is asked."""


class CannotJudgeError(Exception):
    """A run gave no answers; the text is a sentence, ``ending`` says how the run ended."""

    def __init__(self, sentence: str, ending: RunEnding) -> None:
        super().__init__(sentence)
        self.ending = ending


@dataclass(frozen=True)
class Property:
    """Something that must hold of a call.

    ``breaks`` sees the call and its answers, one for each of the ``variants``.
    """

    name: str
    variants: tuple[Variant, ...]
    breaks: Callable[[Call, Sequence[Answer]], bool]


@dataclass(frozen=True)
class CounterExample:
    """A call that breaks a property, each answer from a process that was asked nothing else."""

    name: str
    call: Call
    answers: tuple[Answer, ...]

    def sentence(self) -> str:
        """What to paste, and what happens."""
        told = list(dict.fromkeys(map(str, self.answers)))
        return f"{printable(str(self.call), 600)} {' or '.join(told)}"

    def as_json(self) -> dict[str, Json]:
        """For the evidence."""
        return {
            "property": self.name,
            "call": printable(str(self.call), 2500),
            "answers": [str(answer) for answer in self.answers],
        }


@dataclass
class Asker:
    """Asks, and counts what was asked."""

    runs: list[RunResult] = field(default_factory=list)

    def ask(self, variant: Variant, calls: Sequence[Call], label: str) -> Dialogue[list[Answer]]:
        """The answers in the order of the calls.  Raises ``CannotJudgeError``."""
        result = yield self.request(variant, calls, label)
        self.runs.append(result)
        if result.ending is RunEnding.UNAVAILABLE:
            raise CannotJudgeError(no_jail(result), result.ending)
        if result.ending is not RunEnding.COMPLETED:
            words = f"The calls of the code ended as {result.ending}, so nothing was judged."
            raise CannotJudgeError(f"{words} {result.detail}".strip(), result.ending)
        self.check(result)
        read = read_answers(result, len(calls))
        if read is None:
            raise CannotJudgeError(NO_SCHEMA, result.ending)
        answers, problem = read
        if problem:
            words = f"The code cannot be imported without its tests: {problem}"
            raise CannotJudgeError(words, result.ending)
        return answers

    def request(self, variant: Variant, calls: Sequence[Call], label: str) -> RunRequest:
        """The run that asks the calls."""
        code, hash_seed = variant
        return call_request(code, calls, label, hash_seed)

    def check(self, _result: RunResult) -> None:
        """Raise ``CannotJudgeError`` where what a completed run answers does not count."""

    def smallest(self, broken: Property, call: Call) -> Dialogue[CounterExample | None]:
        """The call made as simple as it can be; None when it alone, asked first, breaks nothing."""
        found = yield from self._alone(broken, call)
        if found is None:
            return None
        for _ in range(MAX_ROUNDS):
            following = yield from self._step(broken, call)
            if following is None:
                break
            call = following
        return (yield from self._alone(broken, call)) or found

    def _step(self, broken: Property, call: Call) -> Dialogue[Call | None]:
        """The first of the simpler calls that breaks the property too."""
        calls = [replace(call, arguments=arguments) for arguments in simpler(call.arguments)]
        if not calls:
            return None
        columns: list[list[Answer]] = []
        for variant in broken.variants:
            columns += [(yield from self.ask(variant, calls, "a simpler counter-example"))]
        rows = zip(calls, zip(*columns, strict=True), strict=True)
        return next((one for one, answers in rows if broken.breaks(one, answers)), None)

    def _alone(self, broken: Property, call: Call) -> Dialogue[CounterExample | None]:
        answers: list[Answer] = []
        for variant in broken.variants:
            answers += yield from self.ask(variant, [call], "a counter-example, alone")
        breaks = broken.breaks(call, answers)
        return CounterExample(broken.name, call, tuple(answers)) if breaks else None
