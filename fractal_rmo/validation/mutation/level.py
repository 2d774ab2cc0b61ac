"""Level 6: the tests would notice if the code were another.

Mutants are what mutmut makes of the code's functions.  Each meets the tests
in a fork of one collected session; only a failure that pytest itself reports
there kills it.  Survivors are attacked with generated inputs: where a mutant
answers otherwise, the tests have a gap, which is shown as a question, since
whether the code or the mutant is right is not ours to say.  Where no input
tells them apart, the mutant is presumed equivalent and does not count; nor
does a survivor that changes only the message of an exception.

Tests and code share a process here.  Level 3, which does not, comes first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.domain.run import Dialogue, Limits, RunEnding, RunRequest, RunResult, Runtime
from fractal_rmo.domain.verdict import Level, Outcome, Verdict
from fractal_rmo.validation.generated.answers import printable
from fractal_rmo.validation.generated.calls import Call
from fractal_rmo.validation.generated.inputs import calls_for
from fractal_rmo.validation.generated.targets import Catalogue
from fractal_rmo.validation.mutation.gaps import Gap, read_gap
from fractal_rmo.validation.mutation.mutant import Mutant, read_mutant
from fractal_rmo.validation.subject import Subject

MAX_MUTANTS = 200
SAMPLE_SEED = 20_011
KILLED_SHARE = 0.8
MAX_EQUIVALENT_SHARE = 0.2
MAX_GAPS = 5
MAX_SURVIVORS = 30
_LEAST_COMPARED = 10
"""So many answers must have been compared before a mutant is presumed equivalent.

All of them where there are fewer calls, as of a function without parameters.
"""
BUDGET_S, _MAKING_S, _ATTACK_S = 60.0, 20.0, 10.0
"""For everything; for making mutants at most, and for the attack."""
LEAST_JUDGED = 10
"""So many mutants must be judged, or all where there are fewer."""
MAX_CALLS = 300
_MEMORY_MB = 1536
_MAKING = Limits(wall_s=_MAKING_S, cpu_s=int(_MAKING_S), memory_mb=1024, open_files=256)
_ATTACKING = Limits(_ATTACK_S + 5.0, int(2 * _ATTACK_S), memory_mb=_MEMORY_MB, processes=64)
_ENDINGS = ("killed", "survived", "timed_out", "crashed")


class _CannotJudgeError(Exception):
    """Why there is no verdict, in a sentence; ``evidence`` says more."""

    def __init__(self, summary: str, evidence: Mapping[str, Json] | None = None) -> None:
        super().__init__(summary)
        self.evidence = evidence or {}


@dataclass
class _Progress:
    """What the runs have shown so far."""

    subject: Subject
    mutants: list[Mutant] = field(default_factory=list)
    possible: int = 0
    endings: dict[int, str] = field(default_factory=dict)
    gaps: dict[int, Gap] = field(default_factory=dict)
    equivalent: set[int] = field(default_factory=set)
    of_words: set[int] = field(default_factory=set)
    duration_s: float = 0.0
    tier: str = ""
    tools: dict[str, str] = field(default_factory=dict)
    notes: dict[str, Json] = field(default_factory=dict)

    def take(self, result: RunResult) -> Mapping[str, Json]:
        """The value of a completed run; raises ``_CannotJudgeError`` for any other."""
        self.duration_s += result.duration_s
        self.tier = result.tier.value
        value = result.value
        if result.ending is not RunEnding.COMPLETED or not isinstance(value, Mapping):
            what = f"the run ended as {result.ending}. {result.detail}".strip()
            evidence: dict[str, Json] = {"ending": result.ending.value}
            raise _CannotJudgeError(f"The mutants could not be judged: {what}", evidence)
        tools = value.get("tools")
        self.tools |= {k: str(v) for k, v in tools.items()} if isinstance(tools, Mapping) else {}
        return value

    def numbers(self, ending: str) -> list[int]:
        """The mutants that ended so, in order."""
        return [n for n in range(len(self.mutants)) if self.endings.get(n) == ending]


def mutation_level(subject: Subject) -> Dialogue[Verdict]:
    """The verdict on the tests: how many of the code's mutants they notice."""
    progress = _Progress(subject)
    try:
        yield from _make(progress)
        if not progress.mutants:
            return _verdict(progress, Outcome.NOT_APPLICABLE, "The code has nothing to mutate.")
        yield from _judge(progress)
        yield from _attack(progress)
        _note_words(progress)
    except _CannotJudgeError as error:
        return _verdict(progress, Outcome.ERROR, str(error), error.evidence)
    return _reading(progress)


def _make(progress: _Progress) -> Dialogue[None]:
    """Ask for the mutants; raises ``_CannotJudgeError``."""
    code = progress.subject.code
    paths: list[Json] = [path for path, _ in code.python_files()]
    if not paths:
        return
    files = {f"code/{path}": text for path, text in code.files.items()}
    payload: dict[str, Json] = {"code": paths, "most": MAX_MUTANTS, "seed": SAMPLE_SEED}
    value = progress.take(
        (yield RunRequest(Runtime.MUTANTS, "mutants", files, payload, _MAKING, "mutants"))
    )
    problem, found = str(value.get("problem") or ""), _items(value.get("mutants"))
    read = [mutant for item in found if (mutant := read_mutant(item, code))]
    possible = value.get("possible")
    if problem or len(read) != len(found) or not isinstance(possible, int):
        words = problem or "the answer does not fit its schema"
        raise _CannotJudgeError(f"The mutants could not be made: {words[:300]}")
    progress.mutants, progress.possible = read, possible


def _judge(progress: _Progress) -> Dialogue[None]:
    """Let the mutants meet the tests; raises ``_CannotJudgeError``.

    They are taken in an order that chance makes.  Those for which the time is
    too short are left out, so that the others are a sample.
    """
    whole = len(progress.mutants)
    budget_s = BUDGET_S - _ATTACK_S - progress.duration_s
    value = progress.take((yield _tests_run(progress, budget_s)))
    _refuse_unsound(value)
    for item in _items(value.get("mutants")):
        number, ending = (
            (item.get(name) for name in ("number", "ending"))
            if isinstance(item, Mapping)
            else (None, None)
        )
        if not isinstance(number, int) or not 0 <= number < whole or ending not in _ENDINGS:
            raise _CannotJudgeError("The run gave an answer that does not fit its schema.")
        progress.endings[number] = str(ending)
    progress.notes |= {name: value.get(name) for name in ("side_by_side", "controls", "seed")}
    if len(progress.endings) < min(LEAST_JUDGED, whole):
        raise _CannotJudgeError(
            f"The tests take too long: only {len(progress.endings)} of {whole} mutants could be"
            f" judged in {budget_s:.0f} s, where {min(LEAST_JUDGED, whole)} are needed."
        )


def _tests_run(progress: _Progress, budget_s: float) -> RunRequest:
    subject, limits = progress.subject, progress.subject.unit_limits
    payload: dict[str, Json] = {
        "tests": [path for path, _ in subject.tests.python_files()],
        "mutants": [mutant.as_json() for mutant in progress.mutants],
        "limit_s": min(limits.wall_s, budget_s / 3),
        "budget_s": budget_s,
        "memory_mb": _MEMORY_MB,
        "hash_seed": 0,
    }
    wall_s = budget_s + 5.0
    room = Limits(wall_s, int(2 * wall_s), _MEMORY_MB, limits.processes, limits.open_files)
    label = f"tests on {len(progress.mutants)} mutants"
    return RunRequest(Runtime.THICK, "mutation_tests", subject.files(), payload, room, label)


def _refuse_unsound(value: Mapping[str, Json]) -> None:
    """The unmutated code must pass before and after, or nothing is shown by a failure."""
    if problem := str(value.get("problem") or ""):
        raise _CannotJudgeError(f"The tests could not be collected: {problem[:300]}")
    for name, words in (
        ("unmutated", "The tests do not pass on the code itself in one process"),
        ("closing", "The tests do not pass on the code itself once they ran on mutants"),
    ):
        run = value.get(name)
        ending = run.get("ending") if isinstance(run, Mapping) else "not run"
        if ending != "survived":
            detail = str(run.get("detail") or "") if isinstance(run, Mapping) else ""
            raise _CannotJudgeError(f"{words} ({ending}). {detail[:200]}".strip())
    if looked := str(value.get("looked") or ""):
        raise _CannotJudgeError(
            f"The code looks at itself while it is tested ({printable(looked)}), so that its"
            " failures show nothing. Read code objects at import, or not at all."
        )
    if noticed := _items(value.get("noticed")):
        raise _CannotJudgeError(
            f"The code does not behave alike once '{str(noticed[0])[:100]}' is compiled to other"
            " bytecode that does the same: it looks at itself, or fails by chance, so that its"
            " failures show nothing."
        )


def _attack(progress: _Progress) -> Dialogue[None]:
    """Look for an input that tells each survivor from the code; raises ``_CannotJudgeError``."""
    survived = progress.numbers("survived")
    if not survived:
        return
    catalogue = Catalogue(progress.subject.code, progress.subject.tests)
    calls: dict[int, list[Call]] = {}
    grouped: dict[tuple[str, str], list[int]] = {}
    for number in survived:
        mutant = progress.mutants[number]
        grouped.setdefault((mutant.path, mutant.function), []).append(number)
    asked: list[Json] = []
    for (path, function), numbers in grouped.items():
        target = catalogue.defined(path, function)
        if target and (made := calls_for(target, MAX_CALLS, guess=True)):
            calls |= dict.fromkeys(numbers, made)
            mutants: list[Json] = [{"number": n, **progress.mutants[n].as_json()} for n in numbers]
            asked.append({"calls": [call.as_json() for call in made], "mutants": mutants})
    if not asked:
        return
    files = {f"code/{path}": text for path, text in progress.subject.code.files.items()}
    payload: dict[str, Json] = {"targets": asked, "budget_s": _ATTACK_S, "hash_seed": 0}
    request = RunRequest(
        Runtime.THIN, "mutation_attack", files, payload, _ATTACKING, "attack on survivors"
    )
    for item in _items(progress.take((yield request)).get("attacked")):
        if isinstance(item, Mapping):
            _note_attack(progress, item, calls)


def _note_attack(
    progress: _Progress, item: Mapping[str, Json], calls: Mapping[int, Sequence[Call]]
) -> None:
    number, compared = item.get("number"), item.get("compared")
    if not isinstance(number, int) or number not in calls or not isinstance(compared, int):
        return
    if gap := read_gap(item, calls[number]):
        progress.gaps[number] = gap
    elif item.get("call") == -1 and compared >= min(_LEAST_COMPARED, len(calls[number])):
        progress.equivalent.add(number)


def _note_words(progress: _Progress) -> None:
    """Survivors that change nothing but the message of an exception, as seen or as written."""
    for number in progress.numbers("survived"):
        gap, mutant = progress.gaps.get(number), progress.mutants[number]
        if gap.of_words if gap else mutant.is_of_words(progress.subject.code):
            progress.of_words.add(number)
            progress.equivalent.discard(number)


def _reading(progress: _Progress) -> Verdict:
    """The outcome of what was seen."""
    whole, equivalent = len(progress.endings), len(progress.equivalent)
    killed = len(progress.numbers("killed"))
    if equivalent > MAX_EQUIVALENT_SHARE * whole:
        words = f"{equivalent} of {whole} mutants can only be presumed equivalent"
        most = f"at most {MAX_EQUIVALENT_SHARE:.0%} may be"
        return _verdict(progress, Outcome.ERROR, f"{words}, where {most}.")
    counted = whole - equivalent - len(progress.of_words)
    if not counted:
        words = "No mutant that the tests were run on changes more than the message of an exception"
        return _verdict(progress, Outcome.ERROR, f"{words}, so nothing is shown.")
    passed = killed >= KILLED_SHARE * counted
    words = f"The tests notice {killed} of {counted} mutants ({killed / counted:.0%})"
    left = _left_out(progress)
    if passed:
        return _verdict(progress, Outcome.PASSED, f"{words}.{left}")
    asked = _best(progress)
    question = f" {asked[0][1].question}" if asked else _unasked(progress)
    words = f"{words}; {KILLED_SHARE:.0%} are needed.{left}{question}"
    return _verdict(progress, Outcome.FAILED, words)


def _left_out(progress: _Progress) -> str:
    """What else there is, in sentences."""
    said = ""
    if progress.of_words:
        said += f" {len(progress.of_words)} more change only the message of an exception."
    if (left := len(progress.mutants) - len(progress.endings)) > 0:
        said += f" {left} more were not judged: the tests take long, and a sample was taken."
    return said


def _unasked(progress: _Progress) -> str:
    """What is said where nothing can be asked."""
    survived = progress.numbers("survived")
    if not survived:
        return ""
    first = progress.mutants[survived[0]]
    line = first.place(progress.subject.code)
    return f" The first that they miss is in line {line} of {first.path} ({first.function})."


def _best(progress: _Progress) -> list[tuple[int, Gap]]:
    """The gaps worth showing: the shortest questions, of each function's line one before another.

    One assertion often closes several gaps, so each question is shown once.
    """
    found: dict[str, tuple[int, Gap]] = {}
    for number, gap in sorted(progress.gaps.items(), key=lambda pair: pair[1].rank):
        found.setdefault(gap.assertion, (number, gap))
    seen: Counter[tuple[str, int]] = Counter()
    ranked = []
    for number, gap in found.values():
        mutant = progress.mutants[number]
        place = mutant.path, mutant.place(progress.subject.code)
        ranked.append((seen[place], number, gap))
        seen[place] += 1
    ranked.sort(key=lambda each: each[0])
    return [(number, gap) for _, number, gap in ranked[:MAX_GAPS]]


def _verdict(
    progress: _Progress, outcome: Outcome, summary: str, more: Mapping[str, Json] | None = None
) -> Verdict:
    return Verdict(
        Level.MUTATION,
        outcome,
        summary,
        {**_evidence(progress), **(more or {})},
        progress.duration_s,
        progress.tier,
        progress.tools,
        shared_process=bool(progress.endings),
    )


def _evidence(progress: _Progress) -> dict[str, Json]:
    evidence: dict[str, Json] = {
        "command": "mutmut's mutants of functions; pytest, stopped at the first failure"
    }
    if not progress.mutants:
        return evidence
    judged, killed = len(progress.endings), len(progress.numbers("killed"))
    survivors = progress.numbers("survived")
    whole = len(progress.mutants)
    counts: dict[str, Json] = {"mutants": whole, "judged": judged, "possible": progress.possible}
    counts |= {name: len(progress.numbers(name)) for name in _ENDINGS}
    counts["presumed_equivalent"] = len(progress.equivalent)
    counts["of_words"] = len(progress.of_words)
    counts["test_gaps"] = len(progress.gaps)
    if progress.possible > judged > 0:
        evidence["sampled"] = {"of": progress.possible, "seed": SAMPLE_SEED}
    evidence |= {
        "processes": "one: the tests and the mutant share a process",
        "counts": counts,
        "raw_score": round(killed / max(1, judged), 3),
        "gaps": [_shown_gap(progress, number, gap) for number, gap in _best(progress)],
        "survivors": [_shown(progress, number) for number in survivors[:MAX_SURVIVORS]],
        "not_kills": [
            {"ending": progress.endings[n], **_shown(progress, n, survived=False)}
            for n in [*progress.numbers("timed_out"), *progress.numbers("crashed")][:MAX_SURVIVORS]
        ],
        "budget_s": BUDGET_S,
        **progress.notes,
    }
    return evidence


def _shown_gap(progress: _Progress, number: int, gap: Gap) -> dict[str, Json]:
    place = _shown(progress, number, survived=False)
    return {"question": gap.question, "assertion": gap.assertion, **place}


def _shown(progress: _Progress, number: int, survived: bool = True) -> dict[str, Json]:
    """A mutant for the evidence; a survivor with what the attack came to."""
    mutant, code = progress.mutants[number], progress.subject.code
    shown: dict[str, Json] = {
        "path": mutant.path,
        "line": mutant.place(code),
        "function": mutant.function,
        "diff": mutant.diff(code),
    }
    if survived:
        status = "presumed equivalent" if number in progress.equivalent else "not told apart"
        status = "test gap" if number in progress.gaps else status
        shown["status"] = "message only" if number in progress.of_words else status
    return shown


def _items(value: Json) -> Sequence[Json]:
    return value if isinstance(value, Sequence) and not isinstance(value, str) else ()
