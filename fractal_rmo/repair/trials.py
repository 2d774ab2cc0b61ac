"""What the tests say of many candidates in one run, as a request and as its reading."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate

from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.domain.run import Limits, RunEnding, RunRequest, RunResult
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.editing.judging import Bench, TestReport

BATCH = 192
"""Candidates of one run, at most: what a run costs beside them is shared by as many."""
BATCH_SIZE = 4_000_000
"""Characters of their changed files together, at most: each is compiled anew."""
_BUDGET_S = 8.0
"""A search is asked between runs whether to pause, so a run must not be long."""
_CPU_S = 60
_LEAST_CPU_S = 0.2
"""What a candidate may take; all there is where nobody knows what is usual, since the code
as it is never ends: then most candidates do not either."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One candidate and the tests.

    ``passed`` are those that failed before and pass now, ``reached`` maps each
    other of them to the line of its file where it gave up (0: unknown), ``far``
    to the distance of the values that it compared there (0..1), ``raised`` those in which the code
    raised an error to its name and its line in the code,
    ``broken`` are tests that passed before and fail now, ``trouble`` names a
    test without an end or says why none was run; else it is "".  ``is_endless``
    is true where a test executed more lines than this run allows.
    ``is_known`` is false where the run ended before it was judged.
    """

    passed: frozenset[str] = frozenset()
    reached: Mapping[str, int] = field(default_factory=dict)
    broken: tuple[str, ...] = ()
    trouble: str = ""
    is_endless: bool = False
    is_known: bool = True
    far: Mapping[str, float] = field(default_factory=dict)
    raised: Mapping[str, tuple[str, int]] = field(default_factory=dict)

    def mends(self, failing: Sequence[str]) -> bool:
        """Whether all that failed passes, and nothing that passed fails."""
        fine = bool(self.passed) and not (self.broken or self.trouble or self.reached)
        return fine and self.passed.issuperset(failing)

    def may_mend(self, failing: Sequence[str]) -> bool:
        """Whether most pass and none fails, and only more lines can tell of the rest."""
        most = len(self.passed) * 2 >= max(2, len(failing))
        return self.is_endless and most and not self.reached


UNKNOWN = Trial(is_known=False)


def fitting(code: SourceTree, trees: Sequence[SourceTree]) -> int:
    """How many of the first ``trees`` are not too large for one run; no less than one."""
    sizes = (sum(len(str(text)) for text in changed(code, tree).values()) for tree in trees)
    fit = sum(total <= BATCH_SIZE for total in accumulate(sizes))
    return max(1, fit)


def changed(code: SourceTree, tree: SourceTree) -> dict[str, Json]:
    """The files in which a candidate differs."""
    return {p: text for p, text in tree.files.items() if code.files.get(p) != text}


def batch_request(
    bench: Bench, code: SourceTree, trees: Sequence[SourceTree], failing: Sequence[str], label: str
) -> RunRequest:
    """One run of the tests against several trees, each told by the files in which it differs."""
    plain = bench.request(code, label)
    payload: dict[str, Json] = {
        **plain.payload,
        "failing": list(failing),
        "candidates": [changed(code, tree) for tree in trees],
        "cpu_s": max(_LEAST_CPU_S, bench.limits.cpu_s / 3) if failing else _LEAST_CPU_S,
        "wall_s": bench.limits.wall_s,
        "budget_s": _BUDGET_S,
    }
    limits = Limits(
        wall_s=_BUDGET_S + bench.limits.wall_s,
        cpu_s=_CPU_S,
        memory_mb=bench.limits.memory_mb,
        output_kb=bench.limits.output_kb,
    )
    return replace(plain, program="unit_candidates", payload=payload, limits=limits)


def read_batch(result: RunResult, count: int) -> tuple[Trial, list[Trial]] | None:
    """That of the code as it is, and those of the candidates in their order.

    None for tests that need more than this run offers.
    """
    value = result.value if result.ending is RunEnding.COMPLETED else {}
    if not isinstance(value, Mapping):
        return UNKNOWN, [UNKNOWN] * count
    if value.get("supported") is False:
        return None
    control = value.get("control")
    found = [UNKNOWN] * count
    entries = value.get("judged")
    for entry in entries if isinstance(entries, list | tuple) else ():
        number = entry.get("number") if isinstance(entry, Mapping) else None
        if isinstance(entry, Mapping) and isinstance(number, int) and 0 <= number < count:
            found[number] = _read(entry)
    return _read(control) if isinstance(control, Mapping) else UNKNOWN, found


def _read(entry: Mapping[str, Json]) -> Trial:
    reached, far = entry.get("reached"), entry.get("far")
    return Trial(
        frozenset(_names(entry.get("passed"))),
        {str(k): v for k, v in reached.items() if isinstance(v, int)}
        if isinstance(reached, Mapping)
        else {},
        tuple(_names(entry.get("broken"))),
        _trouble(entry),
        bool(entry.get("endless")),
        far={str(k): min(1.0, max(0.0, v)) for k, v in far.items() if isinstance(v, float)}
        if isinstance(far, Mapping)
        else {},
        raised=dict(_errors(entry.get("raised"))),
    )


def _errors(value: Json) -> Iterator[tuple[str, tuple[str, int]]]:
    for test, error in value.items() if isinstance(value, Mapping) else ():
        match error:
            case [str() as name, int() as line]:
                yield test, (name, line)


def _names(value: Json) -> Iterator[str]:
    yield from map(str, value if isinstance(value, list | tuple) else ())


def _trouble(entry: Mapping[str, Json]) -> str:
    ending = "" if entry.get("ending") == "finished" else f"the run {entry.get('ending')}"
    words = [ending, *(entry.get(name) for name in ("endless", "problem"))]
    return next((str(word) for word in words if word), "")


def trial_of(report: TestReport, before: TestReport) -> Trial:
    """What a run of its own says of a candidate, in the same terms."""
    passed = {test for test, outcome in report.outcomes.items() if outcome == "passed"}
    broken = [t for t in report.failing if before.outcomes.get(t) == "passed"]
    trouble = report.problem or ("" if report.outcomes else "no test was run")
    return Trial(
        frozenset(passed.intersection(before.failing)) if before.outcomes else frozenset(passed),
        dict.fromkeys(report.failing, 0),
        tuple(broken),
        trouble,
    )
