"""What level 6 makes of what was seen: its outcome, sentence and evidence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.domain.verdict import Level, Outcome, Verdict
from fractal_rmo.validation.mutation.gaps import Gap
from fractal_rmo.validation.mutation.progress import ENDINGS, Progress

SAMPLE_SEED = 20_011
KILLED_SHARE = 0.8
MAX_EQUIVALENT_SHARE = 0.2
MAX_GAPS = 5
MAX_SURVIVORS = 30


def note_words(progress: Progress) -> None:
    """Survivors that change nothing but the message of an exception, as seen or as written."""
    for number in progress.numbers("survived"):
        gap, mutant = progress.gaps.get(number), progress.mutants[number]
        if gap.of_words if gap else mutant.is_of_words(progress.subject.code):
            progress.of_words.add(number)
            progress.equivalent.discard(number)


def conclusion(progress: Progress) -> Verdict:
    """The outcome of what was seen."""
    whole, equivalent = len(progress.endings), len(progress.equivalent)
    killed = len(progress.numbers("killed"))
    if equivalent > MAX_EQUIVALENT_SHARE * whole:
        words = f"{equivalent} of {whole} mutants can only be presumed equivalent"
        most = f"at most {MAX_EQUIVALENT_SHARE:.0%} may be"
        return verdict(progress, Outcome.ERROR, f"{words}, where {most}.")
    counted = whole - equivalent - len(progress.of_words)
    if not counted:
        words = "No mutant that the tests were run on changes more than the message of an exception"
        return verdict(progress, Outcome.ERROR, f"{words}, so nothing is shown.")
    passed = killed >= KILLED_SHARE * counted
    words = f"The tests notice {killed} of {counted} mutants ({killed / counted:.0%})"
    left = _left_out(progress)
    if passed:
        return verdict(progress, Outcome.PASSED, f"{words}.{left}")
    asked = _best(progress)
    question = f" {asked[0][1].question}" if asked else _unasked(progress)
    words = f"{words}; {KILLED_SHARE:.0%} are needed.{left}{question}"
    return verdict(progress, Outcome.FAILED, words)


def _left_out(progress: Progress) -> str:
    """What else there is, in sentences."""
    said = ""
    if progress.of_words:
        said += f" {len(progress.of_words)} more change only the message of an exception."
    if (left := len(progress.mutants) - len(progress.endings)) > 0:
        said += f" {left} more were not judged: the tests take long, and a sample was taken."
    return said


def _unasked(progress: Progress) -> str:
    """What is said where nothing can be asked."""
    survived = progress.numbers("survived")
    if not survived:
        return ""
    first = progress.mutants[survived[0]]
    line = first.place(progress.subject.code)
    return f" The first that they miss is in line {line} of {first.path} ({first.function})."


def _best(progress: Progress) -> list[tuple[int, Gap]]:
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


def verdict(
    progress: Progress, outcome: Outcome, summary: str, more: Mapping[str, Json] | None = None
) -> Verdict:
    """An outcome with the evidence so far, and ``more``."""
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


def _evidence(progress: Progress) -> dict[str, Json]:
    evidence: dict[str, Json] = {
        "command": "mutmut's mutants of functions; the tests, stopped at the first failure"
    }
    if not progress.mutants:
        return evidence
    judged, killed = len(progress.endings), len(progress.numbers("killed"))
    survivors = progress.numbers("survived")
    whole = len(progress.mutants)
    counts: dict[str, Json] = {"mutants": whole, "judged": judged, "possible": progress.possible}
    counts |= {name: len(progress.numbers(name)) for name in ENDINGS}
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
        **progress.notes,
    }
    return evidence


def _shown_gap(progress: Progress, number: int, gap: Gap) -> dict[str, Json]:
    place = _shown(progress, number, survived=False)
    return {"question": gap.question, "assertion": gap.assertion, **place}


def _shown(progress: Progress, number: int, survived: bool = True) -> dict[str, Json]:
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
