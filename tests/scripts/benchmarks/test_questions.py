"""Questions in the form of level 6, on candidates in the real sandbox."""

from __future__ import annotations

import pytest

from fractal_rmo.domain.jsonvalue import Json
from fractal_rmo.domain.run import Runner
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.domain.verdict import Level, Outcome, Verdict
from scripts.benchmarks._questions import SHOWN, questions, separating

CANDIDATE = SourceTree(
    {
        "shop/price.py": "class Price:\n"
        "    def __init__(self, n):\n        self.n = n\n"
        "    def half(self):\n        return self.n // 2\n"
        "def _odd(n):\n    if n > 9:\n        raise KeyError(n)\n    return n % 2 == 1\n"
    }
)
REFERENCE = CANDIDATE.replace(
    "shop/price.py", CANDIDATE.files["shop/price.py"].replace("//", "/").replace("> 9", "> 99")
)


def gap(function: str, assertion: str) -> dict[str, Json]:
    return {
        "path": "shop/price.py",
        "function": function,
        "assertion": assertion,
        "question": "?",
        "line": 3,
    }


def verdict(*gaps: Json) -> Verdict:
    return Verdict(Level.MUTATION, Outcome.FAILED, "", {"gaps": list(gaps)})


def test_an_assertion_that_fails_on_the_reference_separates(run: Runner) -> None:
    asked = questions(
        verdict(
            gap("Price.half", "assert Price(4).half() == 2"),
            gap("Price.half", "assert Price(3).half() == 1"),
            gap("_odd", "with pytest.raises(KeyError):\n    _odd(10)"),
            gap("_odd", "assert _odd(3) == True"),
        )
    )
    assert separating(asked, CANDIDATE, REFERENCE, run) == [1, 2]
    assert separating(asked, CANDIDATE, CANDIDATE, run) == []


def test_a_question_that_the_candidate_itself_answers_otherwise_is_no_evidence(
    run: Runner,
) -> None:
    asked = questions(verdict(gap("Price.half", "assert Price(3).half() == 7")))
    with pytest.raises(LookupError, match=r"half\(\) == 7"):
        separating(asked, CANDIDATE, REFERENCE, run)


def test_no_more_questions_count_than_a_person_is_shown() -> None:
    many = [gap("_odd", f"assert _odd({n}) == True") for n in range(SHOWN + 3)]
    asked = questions(verdict(*many))
    assert [each["assertion"] for each in asked] == [g["assertion"] for g in many[:SHOWN]]
    assert questions(Verdict(Level.MUTATION, Outcome.PASSED, "")) == []
