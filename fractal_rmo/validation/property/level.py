"""Level 5: invariants hold on inputs that nobody chose.

The functions that the tests call are called with some hundred generated
inputs, in a jail of the code's own; what comes back is only compared, here.
Three things may fail: a crash or an end of the process that no program means
on an input it is meant for (``slips``), an answer that changes with the hash
seed, and, when the code is a refactoring, an answer that is not the
original's.  Everything else that is seen is a note (``notes``).  The tests' own
hypothesis properties have run at level 3.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from fractal_rmo.domain.run import Dialogue, RunEnding
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.domain.verdict import Outcome, Verdict
from fractal_rmo.validation.generated.answers import Answer
from fractal_rmo.validation.generated.calls import Call
from fractal_rmo.validation.generated.inputs import calls_for
from fractal_rmo.validation.generated.targets import Catalogue
from fractal_rmo.validation.property import notes
from fractal_rmo.validation.property.asking import CannotJudgeError, CounterExample, Property
from fractal_rmo.validation.property.findings import (
    AS_BEFORE,
    CRASH,
    SAME_ANSWER,
    Findings,
    not_applicable,
)
from fractal_rmo.validation.property.slips import Slips, differ
from fractal_rmo.validation.property.uses import Uses
from fractal_rmo.validation.subject import Subject

MAX_INPUTS = 200
MAX_CALLS = 600
MAX_COUNTER_EXAMPLES = 4
MAX_TRIES = 3
"""Suspects of one kind that are asked alone before they are taken for effects of earlier calls."""


def property_level(subject: Subject) -> Dialogue[Verdict]:
    """The verdict of the derived properties of the functions that the tests call."""
    found = Catalogue(subject.code, subject.tests).called()
    most = min(MAX_INPUTS, MAX_CALLS // max(1, len(found.targets)))
    calls = [call for target in found.targets for call in calls_for(target, most)]
    if not calls:
        return not_applicable(found, subject)
    study = _Study(subject, found, calls)
    try:
        yield from study.carry_out()
    except CannotJudgeError as error:
        evidence = {**study.evidence(), "ending": error.ending.value}
        return study.verdict(Outcome.ERROR, str(error), evidence)
    return study.conclusion()


@dataclass
class _Study(Findings):
    """Asks, searches and notes: ``again`` in another process, ``before`` of the original."""

    again: list[Answer] = field(default_factory=list)
    before: list[Answer] = field(default_factory=list)

    def __post_init__(self) -> None:
        uses = Uses(self.subject.code)
        self.slips = Slips(self.subject.code, self.subject.tests, uses)
        self.chance = {t.place: why for t in self.found.targets if (why := uses.chance(t))}
        self._chance_before = self._may_have_varied()

    def carry_out(self) -> Dialogue[None]:
        """Ask, look for what breaks, and note the rest.  Raises ``CannotJudgeError``."""
        code, label = self.subject.code, "generated inputs"
        self.answers = yield from self.asker.ask((code, 0), self.calls, label)
        self.again = yield from self._ask_where_answered(code, 1, f"{label}, backwards", -1)
        if self.subject.original is not None:
            self.before = yield from self._ask_original(self.subject.original)
        self.slips.learn(zip(self.calls, self.answers, strict=True))
        for broken, columns in self._properties():
            yield from self._search(broken, columns)
        yield from self._take_notes()

    def _ask_where_answered(
        self, code: SourceTree, hash_seed: int, label: str, step: int = 1
    ) -> Dialogue[list[Answer]]:
        """What other code or another process answers, where the first run had an answer.

        ``step`` -1 asks backwards, which shows what depends on earlier calls.
        """
        numbers = [n for n, answer in enumerate(self.answers) if answer.ended][::step]
        told = [Answer("unreached")] * len(self.calls)
        if numbers:
            calls = [self.calls[n] for n in numbers]
            answers = yield from self.asker.ask((code, hash_seed), calls, label)
            for n, answer in zip(numbers, answers, strict=True):
                told[n] = answer
        return told

    def _ask_original(self, original: SourceTree) -> Dialogue[list[Answer]]:
        """What the original answers; [] when it gives no answers."""
        try:
            return (yield from self._ask_where_answered(original, 0, "inputs on the original"))
        except CannotJudgeError as error:
            if error.ending is RunEnding.UNAVAILABLE:
                raise
            return []

    def _properties(self) -> Iterator[tuple[Property, list[list[Answer]]]]:
        """What must hold, each with the answers that have been given for it already."""
        code, original = self.subject.code, self.subject.original
        yield Property(CRASH, ((code, 0),), self._crashes), [self.answers]
        variants = ((code, 0), (code, 1))
        yield Property(SAME_ANSWER, variants, self._varies), [self.answers, self.again]
        if original is not None and self.before and self.subject.same_behaviour:
            variants = ((original, 0), (code, 0))
            yield Property(AS_BEFORE, variants, self._has_changed), [self.before, self.answers]

    def _may_have_varied(self) -> frozenset[str]:
        """The places of functions whose answers the original gave by chance."""
        if self.subject.original is None or not self.subject.same_behaviour:
            return frozenset()
        uses = Uses(self.subject.original)
        before = Catalogue(self.subject.original, self.subject.tests).called().targets
        return frozenset(target.place for target in before if uses.chance(target))

    def _crashes(self, call: Call, answers: Sequence[Answer]) -> bool:
        return self.slips.is_one(call, answers[0])

    def _varies(self, call: Call, answers: Sequence[Answer]) -> bool:
        return call.target.place not in self.chance and differ(call, answers[0], answers[1])

    def _has_changed(self, call: Call, answers: Sequence[Answer]) -> bool:
        """Where the original raised, nobody knows that it was right to."""
        if call.target.place in self.chance or call.target.place in self._chance_before:
            return False
        return answers[0].state == "value" and differ(call, answers[0], answers[1])

    # --- counter-examples ---------------------------------------------------------------

    def _search(self, broken: Property, columns: list[list[Answer]]) -> Dialogue[None]:
        """The smallest counter-example for each function and each way to break the property."""
        rows = zip(self.calls, zip(*columns, strict=True), strict=True)
        suspects = [(call, answers) for call, answers in rows if broken.breaks(call, answers)]
        left: Counter[tuple[str, str]] = Counter()
        for call, answers in sorted(suspects, key=lambda row: len(str(row[0]))):
            key = call.target.place, answers[0].error
            if left[key] >= MAX_TRIES or len(self.counter_examples) >= MAX_COUNTER_EXAMPLES:
                continue
            found = yield from self.asker.smallest(broken, call)
            left[key] += 1 if found is None else MAX_TRIES
            if found is None:
                says = f"After other calls it broke '{broken.name}', asked alone it does not."
                self.notes.append(notes.Note("depends on earlier calls", str(call), says))
            elif (yield from self._is_old(broken, found)):
                says = f"It {found.answers[0]}; the original did no better. Is that meant?"
                self.notes.append(notes.Note("as bad as before", str(found.call), says))
            else:
                self.counter_examples.append(found)

    def _is_old(self, broken: Property, found: CounterExample) -> Dialogue[bool]:
        """Whether the original broke the property too: then the change is not to blame."""
        original = self.subject.original
        if original is None or not self.before or broken.name == AS_BEFORE:
            return False
        if broken.name == SAME_ANSWER:
            return (yield from self._varied_before(original, found.call.target.place))
        (old,) = yield from self.asker.ask((original, 0), [found.call], "the original, alone")
        return (old.state, old.error) == (found.answers[0].state, found.answers[0].error)

    def _varied_before(self, original: SourceTree, place: str) -> Dialogue[bool]:
        """Whether some answer of the original's function changed with the hash seed.

        Not only that to the same call: two sets of one content may lie in different orders.
        """
        rows = zip(self.calls, self.before, strict=True)
        pairs = [(call, old) for call, old in rows if call.target.place == place]
        calls = [call for call, _ in pairs]
        again = yield from self.asker.ask((original, 1), calls, "the original, once more")
        rows_again = zip(pairs, again, strict=True)
        return any(differ(call, old, other) for (call, old), other in rows_again)

    # --- notes --------------------------------------------------------------------------

    def _take_notes(self) -> Dialogue[None]:
        asked = list(zip(self.calls, self.answers, strict=True))
        self.notes += notes.crashes(asked, self.slips)
        self.notes += notes.changed_arguments(asked)
        if self.before and not self.subject.same_behaviour:
            self.notes += notes.differences(asked, self.before)
        chained = notes.chained(self.calls)
        if chained:
            plain = {str(call): answer for call, answer in asked}
            variant = self.subject.code, 0
            answers = yield from self.asker.ask(variant, chained, "round trips and repetitions")
            rows = list(zip(chained, answers, strict=True))
            self.notes += notes.chains(rows, plain)
