"""What level 5 makes of what was seen: its outcome, sentence and evidence."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.domain.verdict import Level, Outcome, Verdict
from fractal_rmo.validation.generated.answers import Answer
from fractal_rmo.validation.generated.calls import Call
from fractal_rmo.validation.generated.given_calls import property_tests
from fractal_rmo.validation.generated.inputs import SEED
from fractal_rmo.validation.generated.targets import Found
from fractal_rmo.validation.property.asking import Asker, CounterExample
from fractal_rmo.validation.property.notes import Note
from fractal_rmo.validation.static import read_tools
from fractal_rmo.validation.subject import Subject

MAX_NOTES = 20
MOST_SILENT = 0.5
"""The share of calls without an answer above which nothing is said of the others."""
_SILENCE = {
    "late": "took too long",
    "gone": "ended the process",
    "too_large": "answered too much",
    "unreached": "were not reached in time",
}
_BY_SEED = (
    ", as the process's hash seed has it: the order of a set decides, or hash() or id(), so sort"
    " the set, and keep what these two give out of the answer"
)
CRASH = "never crashes or leaves as no program means to"
SAME_ANSWER = "gives the same answer in every process"
AS_BEFORE = "answers as the original did"


def not_applicable(found: Found, subject: Subject) -> Verdict:
    """Why there is nothing to call."""
    left = "; ".join(found.left)
    why = f"No function can be called with generated data ({left})." if left else ""
    if found.targets:
        names = ", ".join(f"{t.module}.{t.name}" for t in found.targets)
        why = (
            f"Nothing says what {names} may be called with: the tests call it with no literals,"
            " and it has no type hints that are understood."
        )
    why = why or "The tests call no function of the code by name."
    evidence: dict[str, Json] = {
        "left_out": list(found.left),
        "properties_of_the_tests": property_tests(subject.tests),
    }
    return Verdict(Level.PROPERTY, Outcome.NOT_APPLICABLE, why, evidence)


@dataclass
class Findings:
    """One subject's calls, their answers, and what was found in them.

    ``chance`` says of functions, by place, why their answers may differ.
    """

    subject: Subject
    found: Found
    calls: list[Call]
    asker: Asker = field(default_factory=Asker)
    answers: list[Answer] = field(default_factory=list)
    counter_examples: list[CounterExample] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    chance: dict[str, str] = field(default_factory=dict)

    def conclusion(self) -> Verdict:
        """FAILED for a counter-example, PASSED for none; ERROR where too few calls were told."""
        evidence = self.evidence()
        if self.counter_examples:
            more = len(self.counter_examples) - 1
            first = self.counter_examples[0]
            words = f"{first.sentence()}{_BY_SEED if first.name == SAME_ANSWER else ''}."
            words += f" {more} more." if more else ""
            return self.verdict(Outcome.FAILED, words, evidence)
        ended = sum(answer.ended for answer in self.answers)
        silent = len(self.calls) - ended
        if silent > len(self.calls) * MOST_SILENT:
            words = f"Only {ended} of {len(self.calls)} generated calls were answered"
            why = self._why_silent()
            return self.verdict(Outcome.ERROR, f"{words}, too few to say more: {why}.", evidence)
        count = len(self.found.targets)
        functions = f"{count} function" + ("s" if count > 1 else "")
        summary = f"Nothing broke in {ended} calls of {functions}; {len(self.notes)} notes."
        if silent:
            summary += f" {silent} more gave no answer: {self._why_silent()}."
        if own := property_tests(self.subject.tests):
            summary += f" The tests' own properties, {own} of them, have run at level 3."
        return self.verdict(Outcome.PASSED, summary, evidence)

    def _why_silent(self) -> str:
        counts = Counter(answer.state for answer in self.answers)
        told = [f"{counts[state]} {words}" for state, words in _SILENCE.items() if counts[state]]
        return ", ".join(told)

    def evidence(self) -> dict[str, Json]:
        """What was asked, how it ended, and what is to be looked at."""
        counts = Counter(call.target.place for call in self.calls)
        states = Counter(answer.state for answer in self.answers)
        return {
            "command": "each function called in a jail of the code's own with generated inputs",
            "seed": SEED,
            "hash_seeds": [0, 1],
            "functions": {
                t.place: {"inputs": counts[t.place], "of_the_tests": len(t.examples)}
                for t in self.found.targets
            },
            "answers": dict(sorted(states.items())),
            "dropped": sum(not answer.ended for answer in self.answers),
            "counter_examples": [found.as_json() for found in self.counter_examples],
            "notes": [note.as_json() for note in self.notes[:MAX_NOTES]],
            "notes_total": len(self.notes),
            "determinism": self._determinism(),
            "properties_of_the_tests": property_tests(self.subject.tests),
            "left_out": list(self.found.left),
        }

    def _determinism(self) -> str:
        left = list(self.chance.values())
        if not left:
            return "asked"
        words = "not asked" if len(left) == len(self.found.targets) else "asked, but not of all"
        return f"{words}: {'; '.join(left)}"

    def verdict(self, outcome: Outcome, summary: str, evidence: dict[str, Json]) -> Verdict:
        """The verdict, with the tools and the time of all runs."""
        runs = self.asker.runs
        return Verdict(
            Level.PROPERTY,
            outcome,
            summary,
            evidence,
            duration_s=sum(run.duration_s for run in runs),
            tier=runs[0].tier.value,
            tools=read_tools(runs[0]),
        )
