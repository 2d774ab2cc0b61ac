"""Level 2: nothing critical in the code (``critical.py`` says what that is).

A fix must not introduce a critical issue.  One that the original already had,
the same rule with the same words, is a note: the change is not to blame, and
a fix of one function is not held up by another.  The rest are notes too, and
are listed in the evidence.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.domain.run import Dialogue, Limits, RunEnding, RunRequest, RunResult, Runtime
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.domain.verdict import Level, Outcome, Verdict
from fractal_rmo.validation.critical import is_critical
from fractal_rmo.validation.subject import Subject

TOOLS = ("ruff", "mypy", "bandit")
MAX_NOTES = 100
_LIMITS = Limits(wall_s=30.0, cpu_s=30, memory_mb=1024, open_files=256)


@dataclass(frozen=True, slots=True)
class Issue:
    """One finding of one tool, and whether it is critical."""

    tool: str
    finding: Mapping[str, Json]
    critical: bool

    @property
    def key(self) -> tuple[str, str, str]:
        """What stays the same when lines move."""
        return self.tool, str(self.finding["rule"]), str(self.finding["message"])

    def as_json(self) -> dict[str, Json]:
        """For the evidence."""
        return {"tool": self.tool, **self.finding}

    def sentence(self) -> str:
        """Where it is and what it says."""
        f = self.finding
        return f"{f['path']}, line {f['line']}: {f['message']} ({self.tool} {f['rule']})"


def static_level(subject: Subject) -> Dialogue[Verdict]:
    """The verdict of ruff, mypy and bandit on the code.  Tests are not judged."""
    if not list(subject.code.python_files()):
        return Verdict(Level.STATIC, Outcome.NOT_APPLICABLE, "There is no Python code to check.")
    result = yield _request(subject.code, "static checks")
    if (refusal := _could_not_judge(result)) is not None:
        return refusal
    issues = read_issues(result, subject.code)
    known: list[Issue] = []
    duration_s = result.duration_s
    if subject.original is not None and any(issue.critical for issue in issues):
        before = yield _request(subject.original, "static checks of the original")
        duration_s += before.duration_s
        if (refusal := _could_not_judge(before)) is not None:
            return refusal
        known = read_issues(before, subject.original)
    return _verdict(issues, known, result, duration_s)


def read_issues(result: RunResult, code: SourceTree) -> list[Issue]:
    """The findings of a completed ``static`` run, judged and in order of place."""
    return sorted(_issues(result, code), key=lambda i: (*_place(i.finding), i.tool))


def _issues(result: RunResult, code: SourceTree) -> Iterator[Issue]:
    value = result.value if isinstance(result.value, Mapping) else {}
    for tool in TOOLS:
        findings = value.get(tool)
        for finding in findings if isinstance(findings, Sequence) else ():
            if isinstance(finding, Mapping):
                yield Issue(tool, finding, is_critical(tool, finding, code))


def _place(finding: Mapping[str, Json]) -> tuple[str, int]:
    return str(finding["path"]), int(str(finding["line"]))


def _request(code: SourceTree, label: str) -> RunRequest:
    files = {f"code/{path}": text for path, text in code.files.items()}
    payload: dict[str, Json] = {"code": [path for path, _ in code.python_files()]}
    return RunRequest(Runtime.STATIC, "static", files, payload, _LIMITS, label)


def _could_not_judge(result: RunResult) -> Verdict | None:
    """ERROR when the tools could not be run: that is never the candidate's fault."""
    value = result.value if isinstance(result.value, Mapping) else {}
    problem = str(value.get("problem") or "")
    if result.ending is RunEnding.COMPLETED and isinstance(result.value, Mapping) and not problem:
        return None
    why = problem or result.detail or f"the run ended as {result.ending}"
    return Verdict(
        Level.STATIC,
        Outcome.ERROR,
        f"The static tools could not judge: {why}",
        {"ending": result.ending.value, "output": result.output[:2000]},
        result.duration_s,
        result.tier.value,
    )


def _verdict(
    issues: Sequence[Issue], known: Sequence[Issue], result: RunResult, duration_s: float
) -> Verdict:
    fresh = _fresh(issues, known)
    notes = [issue for issue in issues if issue not in fresh]
    evidence: dict[str, Json] = {
        "command": "ruff, mypy and bandit; suppression comments do not count",
        "critical": [issue.as_json() for issue in fresh],
        "notes": [issue.as_json() for issue in notes[:MAX_NOTES]],
        "notes_total": len(notes),
    }
    outcome = Outcome.FAILED if fresh else Outcome.PASSED
    noun = "note" if len(notes) == 1 else "notes"
    summary = f"Nothing critical; {len(notes)} {noun}."
    if fresh:
        more = f" {len(fresh) - 1} more." if len(fresh) > 1 else ""
        summary = f"{fresh[0].sentence()}.{more}"
    tier, tools = result.tier.value, read_tools(result)
    return Verdict(Level.STATIC, outcome, summary, evidence, duration_s, tier, tools)


def _fresh(issues: Sequence[Issue], known: Sequence[Issue]) -> list[Issue]:
    """Critical issues that the original did not have as often."""
    had = Counter(issue.key for issue in known if issue.critical)
    fresh = []
    for issue in issues:
        if issue.critical and had[issue.key] > 0:
            had[issue.key] -= 1
        elif issue.critical:
            fresh.append(issue)
    return fresh


def read_tools(result: RunResult) -> dict[str, str]:
    """The versions of the tools that a run reported."""
    tools = result.value.get("tools") if isinstance(result.value, Mapping) else None
    return {k: str(v) for k, v in tools.items()} if isinstance(tools, Mapping) else {}
