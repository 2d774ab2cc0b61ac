"""Questions that a proof left open, answered by a person and written down as new tests."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from fractal_rmo.cli.show import print_questions, safe
from fractal_rmo.domain.errors import ErrorCode, InputError

if TYPE_CHECKING:
    from fractal_rmo.domain.source import SourceTree
    from fractal_rmo.services.new_tests import Answered
    from fractal_rmo.services.questions import Question
    from fractal_rmo.services.solve import Solution

_Command = TypeVar("_Command", bound=Callable[..., Any])


def _ids(_context: click.Context, _parameter: click.Parameter, value: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in value.split(",") if part.strip())


def _pairs(
    _context: click.Context, _parameter: click.Parameter, value: Sequence[str]
) -> Mapping[str, str]:
    """``ID=RIGHT`` of each; raises ``click.BadParameter``."""
    pairs = {}
    for each in value:
        name, equals, right = each.partition("=")
        if not equals or not right.strip():
            raise click.BadParameter(f"'{each}' is not of the form ID=VALUE.")
        pairs[name.strip()] = right
    return pairs


_OPTIONS = (
    click.option("--ask", is_flag=True, help="Ask what is left open, here in the terminal."),
    click.option(
        "--accept-gaps",
        default="",
        callback=_ids,
        metavar="ID,...",
        help="Answer these questions with yes: their assertions become tests.",
    ),
    click.option(
        "--correct-gap",
        multiple=True,
        callback=_pairs,
        metavar="ID=VALUE",
        help="Answer a question with no: VALUE (or 'raises NAME') is right.",
    ),
    click.option(
        "--new-tests",
        type=click.Path(path_type=Path),
        help="The new file for these tests (default: beside the given tests).",
    ),
)


def options(command: _Command) -> _Command:
    """The options of a command that takes answers."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@dataclass(frozen=True, slots=True)
class Asking:
    """How questions are to be answered, and the new file for the tests that come of it."""

    ask: bool
    accept: Sequence[str]
    correct: Mapping[str, str]
    target: Path

    def check(self) -> None:
        """Refuse, before anything runs, what could not be done after it."""
        if not (self.ask or self.accept or self.correct):
            return
        if self.ask and not sys.stdin.isatty():
            raise click.UsageError("--ask needs a terminal. Use --accept-gaps and --correct-gap.")
        if self.target.exists():
            raise click.UsageError(
                f"'{self.target}' is there already, and no file is overwritten."
                " Name another one with --new-tests."
            )

    def settle(self, solution: Solution) -> None:
        """Take the answers and write the new file; says so on standard error.

        Raises ``click.UsageError`` for an id that no question has and for answers
        that cannot be written, ``InputError`` (CANNOT_WRITE).
        """
        from fractal_rmo.services.new_tests import file_text
        from fractal_rmo.services.questions import questions

        found = questions(solution.verdicts, solution.result)
        answers = list(self._given(found, solution.result))
        if self.ask:
            known = {answer.question.id for answer in answers}
            open_ones = [question for question in found if question.id not in known]
            answers += _asked(open_ones, solution.result)
        if text := file_text(answers):
            _write(self.target, text)
            count = sum(answer.body is not None for answer in answers)
            click.echo(f"wrote {self.target}: {count} test{'s' * (count != 1)}", err=True)

    def _given(self, found: Sequence[Question], code: SourceTree) -> Iterator[Answered]:
        from fractal_rmo.services.assertions import NotATestError
        from fractal_rmo.services.new_tests import accepted, refused

        by_id = {question.id: question for question in found}
        for name in dict.fromkeys((*self.accept, *self.correct)):
            if name not in by_id:
                known = ", ".join(by_id) or "none"
                raise click.UsageError(f"No question has the id '{name}'. Open ones: {known}.")
            try:
                right = self.correct.get(name, "")
                yield refused(by_id[name], right, code) if right else accepted(by_id[name])
            except NotATestError as error:
                raise click.UsageError(f"No test can be made of question {name}: {error}") from None


def beside(tests: Path) -> Path:
    """Where new tests go: into the folder of the tests, or beside their one file."""
    return tests / "test_gaps.py" if tests.is_dir() else tests.with_name(f"{tests.stem}_gaps.py")


def _asked(found: Sequence[Question], code: SourceTree) -> Iterator[Answered]:
    """Each question in turn; nothing for those that are skipped."""
    for question in found:
        print_questions([question], sys.stderr)
        if question.diff:
            click.echo(safe(question.diff), err=True)
        if question.body is None:
            click.echo(f"No test can be made of it: {safe(question.why_not)}", err=True)
            continue
        yield from _one(question, code)


def _one(question: Question, code: SourceTree) -> Iterator[Answered]:
    from fractal_rmo.services.new_tests import accepted, refused
    from fractal_rmo.services.questions import Kind

    words = "Is that right" if question.kind is Kind.GAP else "Keep it as a failing test"
    choice = click.Choice(["y", "n", "s"])  # yes, no, skip
    answer = click.prompt(words, type=choice, default="s", err=True)
    if answer == "y":
        yield accepted(question)
    elif answer == "n" and question.kind is Kind.GAP:
        words = "What is right? (a literal, or 'raises NAME'; nothing: only note it)"
        yield click.prompt(
            words,
            default="",
            show_default=False,
            err=True,
            value_proc=lambda right: _refused(question, right, code, refused),
        )


def _refused(
    question: Question,
    right: str,
    code: SourceTree,
    refused: Callable[[Question, str, SourceTree], Answered],
) -> Answered:
    from fractal_rmo.services.assertions import NotATestError

    try:
        return refused(question, right, code)
    except NotATestError as error:
        raise click.BadParameter(str(error)) from None  # click asks again


def _write(target: Path, text: str) -> None:
    """Write a file that was not there; raises ``InputError`` (CANNOT_WRITE)."""
    try:
        with target.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise InputError(ErrorCode.CANNOT_WRITE, f"{target}: {error.strerror}.") from error
