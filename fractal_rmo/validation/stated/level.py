"""Level 5's last part: the properties that a model stated, on generated inputs.

None of them decides.  A model may be wrong about a property more easily than
about an example, so what breaks is a question to a person, with the smallest
input that breaks it; what holds is evidence.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.domain.run import Dialogue, RunEnding, RunResult
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.domain.verdict import Outcome, Verdict
from fractal_rmo.validation.generated.answers import Answer
from fractal_rmo.validation.generated.calls import Call
from fractal_rmo.validation.generated.targets import Catalogue
from fractal_rmo.validation.property.asking import CannotJudgeError, CounterExample, Property
from fractal_rmo.validation.stated.asking import StatedAsker
from fractal_rmo.validation.stated.reading import StatedProperty, read_properties
from fractal_rmo.validation.subject import Subject

MAX_INPUTS = 80
MOST_S = 15.0
"""Of all runs, after which no further property is asked."""
MOST_SILENT = 0.5
"""The share of inputs without an answer from which a property is not said to hold."""
HELD, BROKEN, NOT_ASKED = "held", "broken", "not_asked"


@dataclass(frozen=True)
class _Told:
    """What became of one property."""

    stated: StatedProperty
    outcome: str
    inputs: int = 0
    why: str = ""
    broken: CounterExample | None = None
    runs: Sequence[RunResult] = field(default=(), repr=False)

    def as_json(self) -> dict[str, Json]:
        """For the evidence."""
        found = self.broken
        return {
            **self.stated.as_json(),
            "outcome": self.outcome,
            "inputs": self.inputs,
            "why": self.why,
            "arguments": [repr(value) for value in found.call.arguments.args] if found else [],
            "answer": str(found.answers[0]) if found else "",
        }


def with_stated(judged: Verdict, subject: Subject) -> Dialogue[Verdict]:
    """The verdict of level 5 with what became of the stated properties added.

    They are not asked where the level failed or could not be judged.
    """
    properties, _ = read_properties(subject.stated)
    if not properties or judged.outcome not in (Outcome.PASSED, Outcome.NOT_APPLICABLE):
        return judged
    told: list[_Told] = []
    catalogue = Catalogue(subject.code, SourceTree())
    for stated in properties:
        if borrowed := [n for n in stated.functions if not catalogue.defines(stated.module, n)]:
            why = f"'{stated.module}' does not define '{borrowed[0]}'."
            told.append(_Told(stated, NOT_ASKED, why=why))
            continue
        if sum(run.duration_s for one in told for run in one.runs) > MOST_S:
            told.append(_Told(stated, NOT_ASKED, why="The others took too long."))
            continue
        told.append((yield from _told(stated, subject)))
    return dataclasses.replace(
        judged,
        summary=f"{judged.summary} {_sentence(told)}".strip(),
        evidence={**judged.evidence, "stated": [one.as_json() for one in told]},
        duration_s=judged.duration_s + sum(run.duration_s for one in told for run in one.runs),
        tier=judged.tier or next((run.tier.value for one in told for run in one.runs), ""),
    )


def _told(stated: StatedProperty, subject: Subject) -> Dialogue[_Told]:
    """Ask one property.  A jail that failed is no reason to doubt what else was seen."""
    asker = StatedAsker(stated)
    target = stated.target()
    calls = [Call(target, arguments) for arguments in stated.inputs(MAX_INPUTS)]
    variant = subject.code, 0
    rule = Property(stated.says, (variant,), _breaks)
    try:
        answers = yield from asker.ask(variant, calls, "a property that was stated")
        asked = sum(_counts(answer) for answer in answers)
        for call, answer in sorted(zip(calls, answers, strict=True), key=lambda p: len(str(p[0]))):
            if not rule.breaks(call, [answer]):
                continue
            found = yield from asker.smallest(rule, call)
            if found is None:
                why = "It broke after other calls, and not alone."
                return _Told(stated, NOT_ASKED, asked, why, runs=asker.runs)
            return _Told(stated, BROKEN, asked, broken=found, runs=asker.runs)
    except CannotJudgeError as error:
        why = str(error)
        if error.ending not in (RunEnding.COMPLETED, RunEnding.UNAVAILABLE):
            why = "The expression or the code used up what one run may use."
        return _Told(stated, NOT_ASKED, why=why, runs=asker.runs)
    silent = sum(not answer.ended for answer in answers)
    if not asked or silent >= len(calls) * MOST_SILENT:
        why = f"Only {asked} of {len(calls)} inputs were answered."
        return _Told(stated, NOT_ASKED, asked, why, runs=asker.runs)
    why = f"{silent} more inputs gave no answer." if silent else ""
    return _Told(stated, HELD, asked, why, runs=asker.runs)


def _counts(answer: Answer) -> bool:
    """Whether the property was asked: not where its precondition was not met."""
    return answer.state == "raised" or (answer.state == "value" and answer.form is not None)


def _breaks(_: Call, answers: Sequence[Answer]) -> bool:
    is_false = answers[0].state == "value" and answers[0].form == 0  # False has that form
    return is_false or answers[0].state == "raised"


def _sentence(told: Iterable[_Told]) -> str:
    """One sentence for each outcome."""
    by_outcome: dict[str, list[_Told]] = {}
    for one in told:
        by_outcome.setdefault(one.outcome, []).append(one)
    said = []
    if held := by_outcome.get(HELD):
        asked = sum(one.inputs for one in held)
        said.append(f"{_counted(held)} that a model stated held on {asked} inputs.")
    if broken := by_outcome.get(BROKEN):
        said.append(f"{_counted(broken)} that a model stated did not hold, which decides nothing:"
                    " see the questions.")  # fmt: skip
    if left := by_outcome.get(NOT_ASKED):
        said.append(f"{_counted(left)} that a model stated could not be asked.")
    return " ".join(said)


def _counted(told: Sequence[_Told]) -> str:
    return "1 property" if len(told) == 1 else f"{len(told)} properties"
