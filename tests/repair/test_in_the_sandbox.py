"""A few searches through the real sandbox, pytest's own helpers among their tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fractal_rmo.adapters.sandbox import ZygoteSandbox
from fractal_rmo.domain.run import RunEnding, Runner, RunRequest, RunResult
from fractal_rmo.domain.source import SourceTree
from fractal_rmo.repair.problem import RepairOutcome, RepairProblem, RepairStatus
from fractal_rmo.repair.search import search
from fractal_rmo.services.drive import drive

pytestmark = pytest.mark.thorough


@pytest.fixture(scope="module", name="run")
def make_run() -> Iterator[Runner]:
    sandbox = ZygoteSandbox()
    with sandbox.session() as session:
        yield session
    sandbox.close()


def repair(run: Runner, code: dict[str, str], tests: str) -> RepairOutcome:
    asked = RepairProblem(SourceTree(code), SourceTree({"test_solution.py": tests}))
    return drive(search(asked, max_candidates=2_000), run)


SUM = "def total(n):\n    s = 0\n    for i in range(n):\n        s += i\n    return s\n"
SUM_TESTS = (
    "from solution import total\n"
    "def test_small(): assert total(1) == 1\n"
    "def test_more(): assert total(4) == 10\n"
    "def test_none(): assert total(0) == 0\n"
)
LARGEST = "def largest(a, b):\n    if a < b:\n        return a\n    return b\n"
LARGEST_TESTS = (
    "from solution import largest\n"
    "def test_1(): assert largest(1, 2) == 2\n"
    "def test_2(): assert largest(5, 2) == 5\n"
)
LEAP = "def leap(y):\n    return y % 4 == 0 and (y % 100 != 0 and y % 400 == 0)\n"
RULES = "y % 4 == 0 and (y % 100 != 0 or y % 400 == 0)"
HEAD = "import pytest\nfrom solution import leap\n"
LEAP_TESTS = {
    "plain": (
        "from solution import leap\n"
        "def test_yes(): assert leap(1996) and leap(2000)\n"
        "def test_no(): assert not leap(1900) and not leap(2023)\n"
    ),
    "parametrized": HEAD + (
        "@pytest.mark.parametrize('y, is_leap', [(1996, 1), (2000, 1), (1900, 0), (2023, 0)])\n"
        "def test_1(y, is_leap): assert leap(y) == is_leap\n"
    ),
    "with a fixture": HEAD + (
        "@pytest.fixture\ndef years(): return [1996, 2000]\n"
        "def test_yes(years): assert all(leap(y) for y in years)\n"
        "def test_no(): assert not leap(1900) and not leap(2023)\n"
    ),
}  # fmt: skip


REPAIRS = {
    "off by one": (SUM, SUM_TESTS, "range(n + 1)"),
    "comparison": (LARGEST, LARGEST_TESTS, "a > b"),
    "connective": (LEAP, LEAP_TESTS["plain"], "!= 0 or y"),
}


@pytest.mark.parametrize(("code", "tests", "mended"), REPAIRS.values(), ids=REPAIRS.keys())
def test_the_best_candidate_is_the_repair(run: Runner, code: str, tests: str, mended: str) -> None:
    outcome = repair(run, {"solution.py": code}, tests)
    assert outcome.status is RepairStatus.REPAIRED
    assert mended in outcome.candidates[0].tree.files["solution.py"]


@pytest.mark.parametrize("tests", LEAP_TESTS.values(), ids=LEAP_TESTS.keys())
def test_repaired_whatever_the_tests_use(run: Runner, tests: str) -> None:
    outcome = repair(run, {"solution.py": LEAP}, tests)
    assert outcome.status is RepairStatus.REPAIRED
    assert RULES in outcome.candidates[0].tree.files["solution.py"]


def test_the_right_file_of_a_package_is_edited(run: Runner) -> None:
    code = {
        "shop/__init__.py": "",
        "shop/price.py": "def gross(net):\n    return net - net * 0.2\n",
        "shop/cart.py": "from shop.price import gross\ndef bill(l): return sum(map(gross, l))\n",
    }
    tests = (
        "from shop.cart import bill\n"
        "def test_1(): assert abs(bill([10, 20]) - 36) < 1e-9\n"
        "def test_2(): assert bill([]) == 0\n"
    )
    outcome = repair(run, code, tests)
    assert outcome.candidates[0].made[0].path == "shop/price.py"
    assert "net + net * 0.2" in outcome.candidates[0].tree.files["shop/price.py"]


@pytest.mark.slow
def test_endless_candidates_end_by_their_steps(run: Runner) -> None:
    """Neither the code as submitted nor a candidate costs its whole wall time."""
    code = (
        "def digits(n):\n    c = 0\n    while n > 0:\n"
        "        n = n // 1\n        c += 1\n    return c\n"
    )
    tests = (
        "from solution import digits\ndef test_1(): assert digits(123) == 3\n"
        "def test_2(): assert digits(0) == 0\ndef test_3(): assert digits(10) == 2\n"
    )
    endings: list[RunEnding] = []

    def watched(request: RunRequest) -> RunResult:
        result = run(request)
        endings.append(result.ending)
        return result

    outcome = repair(watched, {"solution.py": code}, tests)
    assert "n // 10" in outcome.candidates[0].tree.files["solution.py"]
    assert endings[0] is RunEnding.COMPLETED
