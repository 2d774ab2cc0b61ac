"""What the checks from outside came to: their answers, read defensively and judged here."""

from __future__ import annotations

import json
import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.domain.run import RunResult
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.validation.integration.outside import SECONDS, Check, Kind

_EXAMPLE_WORDS, _RAISED_WORDS = 5, 6
_SHOWN_CHARS = 600
_NOT_FROM_INPUT = {"NameError", "ImportError", "SyntaxError"}
_OF_OTHER_SYSTEMS = {"_winapi", "_winreg", "msvcrt", "nt", "winreg", "winsound", "_scproxy"}
_ASKED = ("sys.platform", "os.name", "platform.system")
_REFUSALS = {"AssertionError", "ImportError", "RuntimeError", "OSError"}
_FROM_ARGUMENTS = {"IndexError", "ValueError", "KeyError"}


@dataclass(frozen=True, slots=True)
class Raised:
    """An exception that came out of the code; ``path`` and ``line`` are "" and 0 when nowhere."""

    type: str
    message: str
    path: str
    line: int
    bases: frozenset[str]

    def __str__(self) -> str:
        """Type and first line, as a traceback ends."""
        first = self.message.partition("\n")[0][:200]
        return f"{self.type}: {first}" if first else self.type


@dataclass(frozen=True, slots=True)
class Answer:
    """How one check ended; ``status`` is None when it was still running."""

    status: int | None
    asked: bool
    done: bool = False
    raised: Raised | None = None
    examples: Mapping[tuple[int, int], tuple[str, str]] = field(default_factory=dict)
    output: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong (or, ``excused``, could not be judged), where it is, and how to see it.

    ``lacks`` is what an exception said of a missing module, "" when none is missing.
    """

    check: Check
    path: str
    line: int
    words: str
    more: Mapping[str, Json] = field(default_factory=dict)
    excused: bool = False
    lacks: str = ""

    @property
    def cause(self) -> tuple[str, int, str]:
        """What is the same when several checks meet one fault."""
        return self.path, self.line, str(self.more.get("text", self.words))

    def sentence(self) -> str:
        """For the summary."""
        return f"{self.path}, line {self.line}: {self.words} ({self.check.command})"

    def as_json(self) -> dict[str, Json]:
        """For the evidence."""
        return {
            "kind": self.check.kind.value,
            "path": self.path,
            "line": self.line,
            "message": self.words,
            "command": self.check.command,
            **self.more,
        }


def read_answers(result: RunResult, count: int) -> list[Answer] | None:
    """The answers of a completed run; None when they do not fit the schema."""
    value = result.value.get("checks") if isinstance(result.value, Mapping) else None
    if not isinstance(value, Sequence) or isinstance(value, str) or len(value) != count:
        return None
    answers = [_answer(item) for item in value]
    return [answer for answer in answers if answer] if all(answers) else None


def _answer(item: Json) -> Answer | None:
    if not isinstance(item, Mapping):
        return None
    status, report, output = item.get("status"), item.get("report"), item.get("output")
    exited = item.get("ended") == "exited"
    if not isinstance(report, str) or not isinstance(output, str):
        return None
    if exited and (isinstance(status, bool) or not isinstance(status, int)):
        return None
    lines = [words for line in report.split("\n") if (words := _words(line))]
    raised = next((_raised(w) for w in lines if w[0] == "raised"), None)
    said = {place: (w[3], w[4]) for w in lines if (place := _place(w)) is not None}
    return Answer(
        status if exited and isinstance(status, int) else None,
        item.get("asked") is True,
        ["done"] in lines,
        raised,
        said,
        output[-2000:],
    )


def _words(line: str) -> list[str]:
    """The strings of one line of a report; none when it is anything else."""
    with suppress(ValueError, RecursionError):
        value = json.loads(line)
        if isinstance(value, list) and all(isinstance(word, str) for word in value):
            return value
    return []


def _raised(words: Sequence[str]) -> Raised | None:
    if len(words) != _RAISED_WORDS:
        return None
    _, kind, message, path, line, bases = words
    number = int(line) if line.isascii() and line.isdigit() and len(line) < 8 else 0
    return Raised(kind[:200], message[:2000], path[:200], number, frozenset(bases.split()[:50]))


def _place(words: Sequence[str]) -> tuple[int, int] | None:
    if len(words) != _EXAMPLE_WORDS or words[0] != "example":
        return None
    if not all(n.isascii() and n.isdigit() and len(n) < 8 for n in words[1:3]):
        return None
    return int(words[1]), int(words[2])


def judge(check: Check, answer: Answer, code: SourceTree) -> list[Finding]:
    """What is wrong with one check; nothing when it is as it should be."""
    if check.kind is Kind.START:
        return _judge_start(check, answer, code)
    if answer.raised is not None and _is_elsewhere(answer.raised, code):
        return [_finding(check, answer, "it is for another operating system", excused=True)]
    found = _judge_examples(check, answer)
    if (trouble := _trouble(check, answer)) is not None:
        found.append(trouble)
    elif len(answer.examples) != sum(map(len, check.docs)):
        found.append(_finding(check, answer, "not every example was reported"))
    return found


def _trouble(check: Check, answer: Answer) -> Finding | None:
    """Why an import did not come to its end as it should."""
    doing = f"importing '{check.target}'"
    if check.kind is Kind.SCRIPT:
        doing = f"finding '{check.target}'"
    if check.kind is Kind.DOCTEST:
        doing = f"running the examples of '{check.target}'"
    if answer.asked:
        return _finding(check, answer, f"{doing} reads standard input")
    if answer.status is None:
        return _finding(check, answer, f"{doing} takes longer than {SECONDS[check.kind]:g} s")
    if answer.raised is not None and "SystemExit" in answer.raised.bases:
        return _finding(check, answer, f"{doing} ends the interpreter ({answer.raised})")
    if answer.raised is not None:
        return _finding(check, answer, f"{doing} fails: {answer.raised}")
    if answer.done and answer.status == 0:
        return None
    return _finding(check, answer, f"{doing} ends the interpreter{_status(answer.status)}")


def _is_elsewhere(raised: Raised, code: SourceTree) -> bool:
    """Whether a module asks for the system, and refuses this one."""
    if "ModuleNotFoundError" in raised.bases:
        return raised.message.removeprefix("No module named ").strip("'") in _OF_OTHER_SYSTEMS
    lines = code.files.get(raised.path, "").splitlines()[: raised.line]
    asked = any(words in line for line in lines[-3:] for words in _ASKED)
    return asked and bool(raised.bases & _REFUSALS)


def _status(status: int) -> str:
    """How a process ended, in brackets."""
    if status >= 0:
        return f" (exit status {status})"
    name = signal.Signals(-status).name if -status in list(signal.Signals) else "unknown"
    return f" (signal {-status}, {name})"


def _finding(check: Check, answer: Answer, words: str, *, excused: bool = False) -> Finding:
    path, line = check.path, check.line
    more: dict[str, Json] = {}
    lacks = ""
    if answer.raised is not None:
        missing = "ModuleNotFoundError" in answer.raised.bases
        lacks = str(answer.raised) if missing else ""
        more = {"type": answer.raised.type, "text": answer.raised.message[:_SHOWN_CHARS]}
        if answer.raised.path:
            path, line = answer.raised.path, answer.raised.line
    if answer.output:
        more["output"] = answer.output[-_SHOWN_CHARS:]
    return Finding(check, path, line, words, more, excused, lacks)


def _judge_examples(check: Check, answer: Answer) -> list[Finding]:
    """Every example that does not show what it says; none of a module that gave no answer."""
    found = []
    for number, doc in enumerate(check.docs):
        for which, example in enumerate(doc):
            output, raised = answer.examples.get((number, which), ("", ""))
            known = (number, which) in answer.examples
            if not known or example.holds(output, raised):
                continue
            source = example.source.strip()
            words = f"the example '{source[:100]}' does not show what the docstring says"
            more: dict[str, Json] = {
                "example": source[:_SHOWN_CHARS],
                "expected": (example.raises or example.want)[:_SHOWN_CHARS],
                "got": (raised or output)[:_SHOWN_CHARS],
            }
            lacks = raised if raised.startswith("ModuleNotFoundError") else ""
            found.append(Finding(check, check.path, example.line, words, more, lacks=lacks))
    return found


def _judge_start(check: Check, answer: Answer, code: SourceTree) -> list[Finding]:
    """An uncaught exception or a signal is wrong; an exit status is the program's own word."""
    if answer.status is None:
        words = f"still running after {SECONDS[check.kind]:g} s, and stopped"
        return [_finding(check, answer, words, excused=True)]
    if answer.raised is not None:
        excuse = _excuse(answer.raised, answer, check, code)
        words = f"starting it ends with {answer.raised}{excuse}"
        return [_finding(check, answer, words, excused=bool(excuse))]
    if answer.status < 0:
        return [_finding(check, answer, f"starting it crashes{_status(answer.status)}")]
    return []


def _excuse(raised: Raised, answer: Answer, check: Check, code: SourceTree) -> str:
    """Why this exception says nothing about the program; "" when it does."""
    if "EOFError" in raised.bases:
        return ", since it waits for input"
    if answer.asked and not raised.bases & _NOT_FROM_INPUT:
        return ", after it read an empty line of input"
    if raised.bases & _FROM_ARGUMENTS and _reads_arguments(raised, check, code):
        return ", since it wants arguments that nobody knows here"
    if "OSError" in raised.bases or raised.type == "TclError":
        return ", since a jail has no network, no screen and no other files"
    return ""


def _reads_arguments(raised: Raised, check: Check, code: SourceTree) -> bool:
    """Whether the file that was started, or the one where it failed, reads ``sys.argv`` itself."""
    return any("argv" in code.files.get(path, "") for path in (check.path, raised.path))
