"""A new test file out of the questions that a person has answered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from fractal_rmo.domain.source import SourceTree
from fractal_rmo.services.assertions import Body, NotATestError, is_builtin_exception
from fractal_rmo.services.questions import Kind, Question, corrected

_HEAD = '"""Tests out of questions that a proof left open; a person has answered each."""'
_FAILS = "The code does otherwise: this fails until it is mended."
_COUNTER = "Found by generated inputs: this fails until the code is mended."


@dataclass(frozen=True, slots=True)
class Answered:
    """A question with its answer: ``body`` is the test, None for a mere no."""

    question: Question
    body: Body | None
    says: str


def accepted(question: Question) -> Answered:
    """Yes: what the code does is right, or the counter-example is kept.

    Raises ``NotATestError`` where no test can be written.
    """
    if question.body is None:
        raise NotATestError(question.why_not)
    says = f"Notices a fault in line {question.line} of {question.path}."
    says = says if question.kind is Kind.GAP else _COUNTER
    return Answered(question, question.body, says)


def refused(question: Question, right: str, code: SourceTree) -> Answered:
    """No; ``right`` is the right answer (a literal, or ``raises NAME``), "" where nobody said.

    Raises ``NotATestError`` for a right answer that cannot be written.
    """
    return Answered(question, corrected(question, right, code) if right.strip() else None, _FAILS)


def file_text(answers: Sequence[Answered]) -> str:
    """The file's text; "" for no answers.

    What was refused without a right answer is a comment: something to look at.
    """
    if not answers:
        return ""
    tests = [(answer.question, answer.body, answer.says) for answer in answers if answer.body]
    homes = _homes((question, body) for question, body, _ in tests)
    others = ["math"] * any(question.uses_math for question, _, _ in tests)
    others += ["pytest"] * any(body.expected for _, body, _ in tests)
    imports = _imports(homes, others)
    used: Counter[str] = Counter()
    parts = ["\n\n".join(filter(None, (_HEAD, *imports)))]
    for question, body, says in tests:
        name = question.function.replace(".", "_").strip("_").lower()
        used[name] += 1
        local = [_import(m, [n]) for n, m in _needs(question, body) if homes[n] != m]
        lines = [f'"""{says}"""', *local, *body.text().split("\n")]
        parts.append("\n".join((f"def test_{name}_{used[name]}():", *(f"    {x}" for x in lines))))
    open_ones = [answer.question for answer in answers if answer.body is None]
    parts += ["\n".join(map(_comment, open_ones))] if open_ones else []
    return "\n\n\n".join(parts) + "\n"


def _needs(question: Question, body: Body) -> Iterator[tuple[str, str]]:
    """(name, module) of what a test uses of the code."""
    for function in (question.function, *question.also):
        yield function.partition(".")[0], question.module
    if body.expected and not is_builtin_exception(body.expected):
        yield body.expected, question.module


def _homes(tests: Iterable[tuple[Question, Body]]) -> dict[str, str]:
    """The module that gives each name at the file's top; others import it where they use it."""
    homes: dict[str, str] = {}
    for question, body in tests:
        for name, module in _needs(question, body):
            homes.setdefault(name, module)
    return homes


def _imports(homes: dict[str, str], others: Sequence[str]) -> list[str]:
    """The blocks of import statements, Python's own first."""
    names: dict[str, list[str]] = {}
    for name, module in sorted(homes.items()):
        names.setdefault(module, []).append(name)
    ours = "\n".join(_import(module, found) for module, found in sorted(names.items()))
    return [*(f"import {name}" for name in others), ours]


def _import(module: str, names: Sequence[str]) -> str:
    return f"from {module} import {', '.join(names)}"


def _comment(question: Question) -> str:
    """What was said to be wrong, written anew like every test."""
    said = question.body.text() if question.body else f"an answer of {question.function}"
    return f"# To look at, said to be wrong: {'; '.join(said.split(chr(10)))}"


def free_name(tests: SourceTree) -> str:
    """A name for the file that no test has."""
    number = 1
    while (name := f"test_gaps{f'_{number}' if number > 1 else ''}.py") in tests.files:
        number += 1
    return name
