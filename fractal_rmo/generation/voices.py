"""What models are asked beside code and tests: notes, a plan, an explanation.

Each answers in a few sentences under ``replies.LINES_SCHEMA``.  Its words reach
another model only as data between fences, and a person only as text.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from fractal_rmo.domain.finding import AnalyzerRole
from fractal_rmo.generation.prompts import Prompt, Slots, compose

MOST_NOTES = 4
"""Sentences of one analyzer."""
MOST_STEPS = 6
"""Sentences of a plan."""
_LINES = """
Answer with one JSON document: 'lines', a list of plain sentences of at most 300 characters. Write
no code and no markup. Repeat no key, password or token."""
_SUBJECTS: Mapping[AnalyzerRole, str] = MappingProxyType(
    {
        AnalyzerRole.SYNTAX: "form: names that do not exist, calls that do not fit a signature,"
        " imports that fail, statements that do not say what was meant",
        AnalyzerRole.LOGIC: "logic: conditions, borders, the order of operations, and cases that"
        " the task names and the code forgets",
        AnalyzerRole.DEPENDENCY: "dependencies: what functions and modules rely on, who else calls"
        " what would be changed, and which names the tests need",
        AnalyzerRole.SECURITY: "security: inputs that are trusted, unsafe calls, files and secrets",
        AnalyzerRole.PERFORMANCE: "performance: loops that may not end, work that is repeated, and"
        " growth with the size of the input",
    }
)
_NOTES = (
    "You are one of five who look at a task in Python that is not done yet: what was proposed so"
    " far, if anything, was not taken, for the reasons given. Your subject is {subject}. Leave all"
    " other subjects to the others. In at most {most} sentences, the most important first, say"
    " what whoever writes the code next has to know, with file and line or name where there is"
    " one. Say only what follows from the data; where you see nothing, answer with no sentence."
)
_PLAN = (
    "You coordinate five analyzers of a task in Python whose proposals were not taken. Merge their"
    " notes, the findings and the reasons into a plan for whoever writes the code next: at most"
    " {most} steps, one sentence each, in the order in which to do them. Where two notes"
    " contradict each other, keep the one that the reasons support. Drop what the task does not"
    " ask for."
)
_EXPLANATION = (
    "You tell a person what a change of Python code does. From the task and the change, say in"
    " one plain sentence what was wrong and how it is mended or, where the code is new, what it"
    " does and how it is called. Do not praise, do not say that it was tested, and promise"
    " nothing: others judge the change."
)


def notes_prompt(analyzer: AnalyzerRole, slots: Slots) -> Prompt:
    """The question of one analyzer for notes."""
    asked = _NOTES.format(subject=_SUBJECTS[analyzer], most=MOST_NOTES)
    return compose(f"{asked}\n{_LINES}", slots)


def plan_prompt(slots: Slots) -> Prompt:
    """The question for a plan out of ``slots.notes``."""
    return compose(f"{_PLAN.format(most=MOST_STEPS)}\n{_LINES}", slots)


def explanation_prompt(task: str, change: str) -> Prompt:
    """The question for one sentence about a unified diff."""
    return compose(f"{_EXPLANATION}\n{_LINES}", Slots(task, change=change))
