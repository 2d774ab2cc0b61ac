"""Level 6: the tests would notice if the code were another.

Mutants are what mutmut makes of the code's functions.  Each meets the tests
in a fork of the process that collected them; only a failure that pytest reports, or would,
there kills it.  Survivors are attacked with generated inputs: where a mutant
answers otherwise, the tests have a gap, which is shown as a question, since
whether the code or the mutant is right is not ours to say.  Where no input
tells them apart, the mutant is presumed equivalent and does not count; nor
does a survivor that changes only the message of an exception.

Tests and code share a process here.  Level 3, which does not, comes first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.domain.run import (
    Dialogue,
    Limits,
    RunRequest,
    Runtime,
    needs_pytest,
    runtime_for_pytest,
)
from fractal_rmo.domain.verdict import Outcome, Verdict
from fractal_rmo.validation.generated.answers import printable
from fractal_rmo.validation.generated.calls import Call
from fractal_rmo.validation.generated.inputs import calls_for
from fractal_rmo.validation.generated.targets import Catalogue
from fractal_rmo.validation.mutation.gaps import read_gap
from fractal_rmo.validation.mutation.mutant import read_mutant
from fractal_rmo.validation.mutation.progress import ENDINGS, CannotJudgeError, Progress
from fractal_rmo.validation.mutation.reading import SAMPLE_SEED, conclusion, note_words, verdict
from fractal_rmo.validation.subject import Subject

MAX_MUTANTS = 200
_LEAST_COMPARED = 10
"""So many answers must have been compared before a mutant is presumed equivalent.

All of them where there are fewer calls, as of a function without parameters.
"""
BUDGET_S, _MAKING_S, _ATTACK_S = 60.0, 20.0, 10.0
"""For everything; for making mutants at most, and for the attack."""
LEAST_JUDGED = 10
"""So many mutants must be judged, or all where there are fewer."""
MAX_CALLS = 250
_MEMORY_MB = 1536
_MAKING = Limits(wall_s=_MAKING_S, cpu_s=int(_MAKING_S), memory_mb=1024, open_files=256)
_ATTACKING = Limits(_ATTACK_S + 5.0, int(2 * _ATTACK_S), memory_mb=_MEMORY_MB, processes=64)


def mutation_level(subject: Subject) -> Dialogue[Verdict]:
    """The verdict on the tests: how many of the code's mutants they notice."""
    progress = Progress(subject)
    try:
        yield from _make(progress)
        if not progress.mutants:
            return verdict(progress, Outcome.NOT_APPLICABLE, "The code has nothing to mutate.")
        yield from _judge(progress)
        yield from _attack(progress)
        note_words(progress)
    except CannotJudgeError as error:
        return verdict(progress, Outcome.ERROR, str(error), error.evidence)
    return conclusion(progress)


def _make(progress: Progress) -> Dialogue[None]:
    """Ask for the mutants; raises ``CannotJudgeError``."""
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
        raise CannotJudgeError(f"The mutants could not be made: {words[:300]}")
    progress.mutants, progress.possible = read, possible


def _judge(progress: Progress) -> Dialogue[None]:
    """Let the mutants meet the tests; raises ``CannotJudgeError``.

    They are taken in an order that chance makes.  Those for which the time is
    too short are left out, so that the others are a sample.
    """
    whole = len(progress.mutants)
    budget_s = BUDGET_S - _ATTACK_S - progress.duration_s
    with_pytest = runtime_for_pytest(progress.subject.files())
    first = with_pytest if needs_pytest(progress.subject.tests.files) else Runtime.THIN
    value = progress.take((yield _tests_run(progress, budget_s, first)))
    if value.get("supported") is False:
        value = progress.take((yield _tests_run(progress, budget_s, with_pytest)))
    _refuse_unsound(value)
    for item in _items(value.get("mutants")):
        number, ending = (
            (item.get(name) for name in ("number", "ending"))
            if isinstance(item, Mapping)
            else (None, None)
        )
        if not isinstance(number, int) or not 0 <= number < whole or ending not in ENDINGS:
            raise CannotJudgeError("The run gave an answer that does not fit its schema.")
        progress.endings[number] = str(ending)
    progress.notes |= {name: value.get(name) for name in ("side_by_side", "controls", "seed")}
    progress.notes["budget_s"] = BUDGET_S
    if len(progress.endings) < min(LEAST_JUDGED, whole):
        raise CannotJudgeError(
            f"The tests take too long: only {len(progress.endings)} of {whole} mutants could be"
            f" judged in {budget_s:.0f} s, where {min(LEAST_JUDGED, whole)} are needed."
        )


def _tests_run(progress: Progress, budget_s: float, runtime: Runtime) -> RunRequest:
    subject, limits = progress.subject, progress.subject.unit_limits
    payload: dict[str, Json] = {
        "tests": [path for path, _ in subject.tests.python_files()],
        "mutants": [mutant.as_json() for mutant in progress.mutants],
        "limit_s": min(limits.wall_s, budget_s / 3),
        "budget_s": budget_s,
        "memory_mb": _MEMORY_MB,
        "hash_seed": 0,
    }
    wall_s = budget_s + 10.0
    room = Limits(wall_s, int(2 * wall_s), _MEMORY_MB, limits.processes, limits.open_files)
    label = f"tests on {len(progress.mutants)} mutants"
    return RunRequest(runtime, "mutation_tests", subject.files(), payload, room, label)


def _refuse_unsound(value: Mapping[str, Json]) -> None:
    """The unmutated code must pass before and after, or nothing is shown by a failure."""
    if problem := str(value.get("problem") or ""):
        raise CannotJudgeError(f"The tests could not be collected: {problem[:300]}")
    for name, words in (
        ("unmutated", "The tests do not pass on the code itself in one process"),
        ("closing", "The tests do not pass on the code itself once they ran on mutants"),
    ):
        run = value.get(name)
        ending = run.get("ending") if isinstance(run, Mapping) else "not run"
        if ending != "survived":
            detail = str(run.get("detail") or "") if isinstance(run, Mapping) else ""
            raise CannotJudgeError(f"{words} ({ending}). {detail[:200]}".strip())
    if looked := str(value.get("looked") or ""):
        raise CannotJudgeError(
            f"The code looks at itself while it is tested ({printable(looked)}), so that its"
            " failures show nothing. Read code objects at import, or not at all."
        )
    if value.get("noticed"):
        raise CannotJudgeError(
            "The code does not behave alike once its functions are compiled to other bytecode that"
            " does the same, and its tests come in another order: it looks at itself, it fails by"
            " chance, or a test needs what another leaves behind, so that failures show nothing."
        )


def _attack(progress: Progress) -> Dialogue[None]:
    """Look for an input that tells each survivor from the code; raises ``CannotJudgeError``."""
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
    progress: Progress, item: Mapping[str, Json], calls: Mapping[int, Sequence[Call]]
) -> None:
    number, compared = item.get("number"), item.get("compared")
    if not isinstance(number, int) or number not in calls or not isinstance(compared, int):
        return
    if gap := read_gap(item, calls[number]):
        progress.gaps[number] = gap
    elif item.get("call") == -1 and compared >= min(_LEAST_COMPARED, len(calls[number])):
        progress.equivalent.add(number)


def _items(value: Json) -> Sequence[Json]:
    return value if isinstance(value, Sequence) and not isinstance(value, str) else ()
