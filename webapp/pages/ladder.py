"""The six levels of proof, as rungs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fractal_rmo.domain.lifecycle import TaskState
from fractal_rmo.domain.task import TaskKind
from fractal_rmo.domain.verdict import Level, Verdict
from fractal_rmo.domain.views import TaskRow, TaskView
from fractal_rmo.services.documents import open_questions
from fractal_rmo.services.questions import Kind, Question
from webapp.pages.evidence import Told, told
from webapp.pages.text import OUTCOMES


@dataclass(frozen=True, slots=True)
class LevelWords:
    """A level and what passing it shows."""

    number: int
    name: str
    shows: str


_SHOWS = {
    Level.SYNTAX: "Every file parses.",
    Level.STATIC: "ruff, mypy and bandit see nothing critical.",
    Level.UNIT: "The tests pass twice, in different orders.",
    Level.INTEGRATION: "It imports, starts and does what its examples show.",
    Level.PROPERTY: "Its properties hold for generated inputs.",
    Level.MUTATION: "The tests notice planted faults.",
}
_LEVEL_OF = {
    Kind.GAP: Level.MUTATION,
    Kind.COUNTER_EXAMPLE: Level.PROPERTY,
    Kind.STATED: Level.PROPERTY,
}
LEVELS = tuple(LevelWords(int(level), level.name.lower(), _SHOWS[level]) for level in Level)


@dataclass(frozen=True, slots=True)
class Rung:
    """One level of a task's ladder: ``state`` is an outcome or says why there is none.

    ``told`` is a verdict's evidence, ``questions`` what it leaves to a person.
    """

    level: LevelWords
    state: str
    mark: str
    word: str
    verdict: Verdict | None = None
    told: Told | None = None
    questions: tuple[Question, ...] = ()

    @property
    def asks(self) -> int:
        """How many questions."""
        return len(self.questions)


def asked(row: TaskRow) -> int:
    """The level that a task is to be proven to; 0 where a report is all that was asked for."""
    return 0 if row.kind == TaskKind.ANALYZE else row.level


def ladder(view: TaskView) -> list[Rung]:
    """The six rungs of the latest round."""
    verdicts = {v.level: v for round_, v in view.verdicts if round_ == view.row.round}
    left: dict[Level, list[Question]] = {}
    for question in open_questions(view) if view.row.ending else ():
        left.setdefault(_LEVEL_OF[question.kind], []).append(question)
    return [
        _reached(words, verdict, left.get(verdict.level, ()))
        if (verdict := verdicts.get(Level(words.number)))
        else _blank(view, words)
        for words in LEVELS
    ]


def earlier_rounds(view: TaskView) -> list[tuple[int, Sequence[Rung]]]:
    """The rungs that rounds before the latest one reached, newest round first."""
    numbers = sorted({n for n, _ in view.verdicts if n != view.row.round}, reverse=True)
    return [
        (n, [_reached(LEVELS[v.level - 1], v) for round_, v in view.verdicts if round_ == n])
        for n in numbers
    ]


def _reached(words: LevelWords, verdict: Verdict, left: Sequence[Question] = ()) -> Rung:
    found = told(verdict, asked_elsewhere=bool(left))
    mark, word = OUTCOMES[verdict.outcome]
    return Rung(words, verdict.outcome.value, mark, word, verdict, found, tuple(left))


def _blank(view: TaskView, words: LevelWords) -> Rung:
    if words.number > asked(view.row):
        return Rung(words, "blank", "", "not asked")
    if view.row.ending:
        return Rung(words, "blank", "", "not reached")
    if view.row.state is TaskState.VALIDATING:
        return Rung(words, "running", "◌", "being proven")
    return Rung(words, "waiting", "·", "to be proven")
