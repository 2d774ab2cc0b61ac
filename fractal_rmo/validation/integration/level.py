"""Level 4: the code works from outside, with no test to hold its hand.

In interpreters of their own, which have loaded nothing, every module is
imported, the examples in docstrings are run, programs are started and declared
commands are found.  The user's integration tests were run at level 3, with all
others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.domain.run import Dialogue, RunEnding, RunResult
from fractal_rmo.domain.verdict import Level, Outcome, Verdict
from fractal_rmo.validation.integration.answers import Finding, judge, read_answers
from fractal_rmo.validation.integration.outside import Check, Kind, checks, request
from fractal_rmo.validation.integration.starting import PROJECT_FILE
from fractal_rmo.validation.missing import missing_module
from fractal_rmo.validation.subject import Subject
from fractal_rmo.validation.unjudged import NO_SCHEMA, no_jail

HASH_SEED = 0
MAX_FINDINGS = 50
_HOW = (
    "each in a fresh interpreter (python -P -s -S -B) with the standard library and the named"
    " environment's packages; the tests are not on its path"
)
_ENDINGS = {
    RunEnding.TIMED_OUT: "The checks ran out of time.",
    RunEnding.OUT_OF_MEMORY: "The checks ran out of memory.",
    RunEnding.TOO_MUCH_OUTPUT: "The checks reported too much.",
    RunEnding.CRASHED: "The process that watched the checks was ended.",
}
_WORDS = {
    Kind.IMPORT: ("module imports", "modules import"),
    Kind.SCRIPT: ("declared command is there", "declared commands are there"),
    Kind.START: ("program starts", "programs start"),
}


def integration_level(subject: Subject) -> Dialogue[Verdict]:
    """The verdict on imports, docstring examples, programs and declared commands."""
    try:
        found = checks(subject.code)
    except ValueError as error:
        words = f"{PROJECT_FILE} cannot be read: {error}."
        return Verdict(Level.INTEGRATION, Outcome.FAILED, words, {"path": PROJECT_FILE})
    if not found:
        summary = "There is no module that could be imported, and no program to be started."
        return Verdict(Level.INTEGRATION, Outcome.NOT_APPLICABLE, summary)
    result = yield request(subject.code, found)
    evidence: dict[str, Json] = {
        "command": _HOW,
        "hash_seed": HASH_SEED,
        "counts": _counts(found, subject),
    }
    outcome, summary, more = _reading(result, found, subject)
    tools = result.value.get("tools") if isinstance(result.value, Mapping) else None
    return Verdict(
        Level.INTEGRATION,
        outcome,
        summary,
        {**evidence, **more},
        result.duration_s,
        result.tier.value,
        {k: str(v) for k, v in tools.items()} if isinstance(tools, Mapping) else {},
    )


def _counts(found: Sequence[Check], subject: Subject) -> dict[str, Json]:
    kinds = Counter(check.kind for check in found)
    apart = [path for path, _ in subject.tests.python_files() if "integration" in path.split("/")]
    return {
        "imports": kinds[Kind.IMPORT],
        "examples": sum(len(doc) for check in found for doc in check.docs),
        "programs": kinds[Kind.START],
        "declared_commands": kinds[Kind.SCRIPT],
        "integration_test_files_run_at_level_3": len(apart),
    }


def _reading(
    result: RunResult, found: Sequence[Check], subject: Subject
) -> tuple[Outcome, str, dict[str, Json]]:
    """(outcome, one sentence, evidence) of the run."""
    ending: dict[str, Json] = {"ending": result.ending.value, "detail": result.detail}
    if result.ending is RunEnding.UNAVAILABLE:
        return Outcome.ERROR, no_jail(result), ending
    if result.ending is not RunEnding.COMPLETED:
        return Outcome.FAILED, f"{_ENDINGS[result.ending]} {result.detail}".strip(), ending
    answers = read_answers(result, len(found))
    if answers is None:
        return Outcome.ERROR, NO_SCHEMA, ending
    pairs = zip(found, answers, strict=True)
    return _judged([f for c, a in pairs for f in judge(c, a, subject.code)], found, subject)


def _judged(
    findings: Sequence[Finding], found: Sequence[Check], subject: Subject
) -> tuple[Outcome, str, dict[str, Json]]:
    """A certain failure comes before what could not be judged."""
    excused = [f for f in findings if f.excused]
    # the modules of a package all fail where it does: said once
    causes = {f.cause: f for f in reversed(findings) if not f.excused}
    wrong = [(f, missing_module([f.lacks], subject)) for f in reversed(causes.values())]
    failed = [f for f, missing in wrong if not missing or missing[0] is Outcome.FAILED]
    lacking = [words for _, missing in wrong if missing for outcome, words in [missing]]
    evidence: dict[str, Json] = {
        "failures": [f.as_json() for f, _ in wrong[:MAX_FINDINGS]],
        "not_judged": [f.as_json() for f in excused[:MAX_FINDINGS]],
    }
    if failed:
        more = f" {len(failed) - 1} more." if len(failed) > 1 else ""
        return Outcome.FAILED, f"{failed[0].sentence()}.{more}", evidence
    if lacking:
        return Outcome.ERROR, lacking[0], evidence
    if len(excused) == len(found):
        return Outcome.NOT_APPLICABLE, f"{excused[0].sentence()}.", evidence
    return Outcome.PASSED, _passed(found, excused), evidence


def _passed(found: Sequence[Check], excused: Sequence[Finding]) -> str:
    """What was seen, in a sentence."""
    kinds = Counter(check.kind for check in found)
    kinds.subtract(finding.check.kind for finding in excused)
    parts = [f"{kinds[kind]} {words[kinds[kind] > 1]}" for kind, words in _WORDS.items()]
    examples = sum(len(doc) for check in found for doc in check.docs)
    said = [part for part in parts if not part.startswith("0 ")]
    if examples:
        said.append(f"{examples} {'examples hold' if examples > 1 else 'example holds'}")
    rest = f" {len(excused)} more could not be judged." if excused else ""
    return f"In fresh interpreters: {', '.join(said)}.{rest}"
