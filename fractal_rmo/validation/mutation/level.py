"""Level 6: the tests would notice if the code were another.

Mutants are what mutmut makes of the code's functions.  Each meets the tests
in a fork of one collected session; only a failure that pytest itself reports
there kills it.  Survivors are attacked with generated inputs: where a mutant
answers otherwise, the tests have a gap, which is shown as a question, since
whether the code or the mutant is right is not ours to say.  Where no input
tells them apart, the mutant is presumed equivalent and does not count.

Tests and code share a process here.  Level 3, which does not, comes first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.domain.run import (
    Dialogue,
    Limits,
    RunEnding,
    RunRequest,
    RunResult,
    Runtime,
    pytest_runtime,
)
from fractal_rmo.domain.verdict import Level, Outcome, Verdict
from fractal_rmo.validation.mutation.gaps import Gap, Literals, Target, make_target, read_gap
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
_RUNS, _BUDGET_S, _ATTACK_S = 6, 20.0, 20.0
_MEMORY_MB = 1536
_MAKING = Limits(wall_s=60.0, cpu_s=60, memory_mb=1024, open_files=256)
_ATTACKING = Limits(wall_s=_ATTACK_S + 40.0, cpu_s=60, memory_mb=_MEMORY_MB)
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
    duration_s: float = 0.0
    judging_s: float = 0.0
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
    """Let every mutant meet the tests; raises ``_CannotJudgeError``."""
    for _ in range(_RUNS):
        left = [n for n in range(len(progress.mutants)) if n not in progress.endings]
        if not left:
            return
        result = yield _tests_run(progress, left)
        value = progress.take(result)
        progress.judging_s += result.duration_s
        _refuse_unsound(value)
        for item in _items(value.get("mutants")):
            number, ending = (
                (item.get(name) for name in ("number", "ending"))
                if isinstance(item, Mapping)
                else (None, None)
            )
            if not isinstance(number, int) or not 0 <= number < len(left) or ending not in _ENDINGS:
                raise _CannotJudgeError("The run gave an answer that does not fit its schema.")
            progress.endings[left[number]] = str(ending)
        progress.notes["side_by_side"] = value.get("side_by_side")
    count, whole = len(progress.endings), len(progress.mutants)
    if count < whole:
        allowed = f"{_RUNS} runs of {_BUDGET_S:g} s"
        raise _CannotJudgeError(f"Only {count} of {whole} mutants were judged in {allowed}.")


def _tests_run(progress: _Progress, left: Sequence[int]) -> RunRequest:
    subject, limits = progress.subject, progress.subject.unit_limits
    payload: dict[str, Json] = {
        "tests": [path for path, _ in subject.tests.python_files()],
        "mutants": [progress.mutants[number].as_json() for number in left],
        "limit_s": limits.wall_s,
        "budget_s": _BUDGET_S,
        "memory_mb": _MEMORY_MB,
        "hash_seed": 0,
    }
    wall_s = _BUDGET_S + 4 * limits.wall_s
    room = Limits(wall_s, int(wall_s), _MEMORY_MB, limits.processes, limits.open_files)
    label = f"tests on {len(left)} mutants"
    files = subject.files()
    return RunRequest(pytest_runtime(files), "mutation_tests", files, payload, room, label)


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
    if noticed := _items(value.get("noticed")):
        raise _CannotJudgeError(
            f"The code does not behave alike once '{str(noticed[0])[:100]}' is compiled anew with a"
            " step that does nothing: it looks at itself, so that its failures show nothing."
        )


def _attack(progress: _Progress) -> Dialogue[None]:
    """Look for an input that tells each survivor from the code; raises ``_CannotJudgeError``."""
    code, literals = progress.subject.code, Literals(progress.subject.tests)
    targets: dict[int, Target] = {}
    grouped: dict[tuple[str, str], list[int]] = {}
    for number in progress.numbers("survived"):
        mutant = progress.mutants[number]
        grouped.setdefault((mutant.path, mutant.function), []).append(number)
    asked: list[Json] = []
    for (path, function), numbers in grouped.items():
        if target := make_target(path, function, code, literals):
            targets |= dict.fromkeys(numbers, target)
            mutants: list[Json] = [{"number": n, **progress.mutants[n].as_json()} for n in numbers]
            asked.append({**target.as_json(), "mutants": mutants})
    if not asked:
        return
    files = {f"code/{path}": text for path, text in code.files.items()}
    payload: dict[str, Json] = {"targets": asked, "budget_s": _ATTACK_S, "hash_seed": 0}
    request = RunRequest(
        Runtime.THIN, "mutation_attack", files, payload, _ATTACKING, "attack on survivors"
    )
    for item in _items(progress.take((yield request)).get("attacked")):
        if isinstance(item, Mapping):
            _note_attack(progress, item, targets)


def _note_attack(
    progress: _Progress, item: Mapping[str, Json], targets: Mapping[int, Target]
) -> None:
    number, compared = item.get("number"), item.get("compared")
    if not isinstance(number, int) or number not in targets or not isinstance(compared, int):
        return
    if gap := read_gap(item, targets[number]):
        progress.gaps[number] = gap
    elif item.get("call") == -1 and compared >= min(_LEAST_COMPARED, len(targets[number].calls)):
        progress.equivalent.add(number)


def _reading(progress: _Progress) -> Verdict:
    """The outcome of what was seen."""
    whole, equivalent = len(progress.mutants), len(progress.equivalent)
    killed = len(progress.numbers("killed"))
    if equivalent > MAX_EQUIVALENT_SHARE * whole:
        words = f"{equivalent} of {whole} mutants can only be presumed equivalent"
        most = f"at most {MAX_EQUIVALENT_SHARE:.0%} may be"
        return _verdict(progress, Outcome.ERROR, f"{words}, where {most}.")
    counted = whole - equivalent
    passed = killed >= KILLED_SHARE * counted
    words = f"The tests notice {killed} of {counted} mutants ({killed / counted:.0%})"
    if passed:
        return _verdict(progress, Outcome.PASSED, f"{words}.")
    asked = _best(progress)
    question = f" {asked[0][1].question}" if asked else _unasked(progress)
    return _verdict(progress, Outcome.FAILED, f"{words}; {KILLED_SHARE:.0%} are needed.{question}")


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
    whole, killed = len(progress.mutants), len(progress.numbers("killed"))
    survivors = progress.numbers("survived")
    counts: dict[str, Json] = {"mutants": whole, "possible": progress.possible}
    counts |= {name: len(progress.numbers(name)) for name in _ENDINGS}
    counts["presumed_equivalent"] = len(progress.equivalent)
    counts["test_gaps"] = len(progress.gaps)
    if progress.possible > whole:
        evidence["sampled"] = {"of": progress.possible, "seed": SAMPLE_SEED}
    evidence |= {
        "processes": "one: the tests and the mutant share a process",
        "counts": counts,
        "raw_score": round(killed / whole, 3),
        "gaps": [_shown_gap(progress, number, gap) for number, gap in _best(progress)],
        "survivors": [_shown(progress, number) for number in survivors[:MAX_SURVIVORS]],
        "not_kills": [
            {"ending": progress.endings[n], **_shown(progress, n, survived=False)}
            for n in [*progress.numbers("timed_out"), *progress.numbers("crashed")][:MAX_SURVIVORS]
        ],
        "judging_s": round(progress.judging_s, 3),
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
        shown["status"] = "test gap" if number in progress.gaps else status
    return shown


def _items(value: Json) -> Sequence[Json]:
    return value if isinstance(value, Sequence) and not isinstance(value, str) else ()
