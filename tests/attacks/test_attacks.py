"""Every case of the corpus on the strongest tier: fakes fail, nothing gets out, honesty passes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from fractal_rmo.adapters.sandbox import ZygoteSandbox
from fractal_rmo.domain.run import Runner
from fractal_rmo.domain.verdict import Outcome
from fractal_rmo.services.drive import drive
from fractal_rmo.validation.integration.level import integration_level
from tests.attacks.corpus import CASES, Case, left_behind, proves, read_cases

FOUND = read_cases(CASES)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[ZygoteSandbox]:
    sandbox = ZygoteSandbox()
    yield sandbox
    sandbox.close()


@pytest.fixture
def run(sandbox: ZygoteSandbox) -> Iterator[Runner]:
    with sandbox.session() as runner:
        yield runner


@pytest.mark.thorough
@pytest.mark.parametrize("case", FOUND, ids=lambda case: case.name)
def test_case(case: Case, run: Runner) -> None:
    verdict = case.by_unit_level(run)
    assert proves(verdict) is case.is_honest, verdict.summary
    assert verdict.shared_process is case.expect.get("shared_process", False)
    assert not left_behind()


@pytest.mark.thorough
@pytest.mark.parametrize("case", [c for c in FOUND if c.is_honest], ids=lambda case: case.name)
def test_honest_code_works_from_outside(case: Case, run: Runner) -> None:
    verdict = drive(integration_level(case.subject), run)
    assert verdict.outcome is Outcome.PASSED, verdict.summary


def test_the_corpus_covers_what_it_promises() -> None:
    kinds = Counter(case.kind for case in FOUND)
    assert sum(kinds.values()) - kinds["benign"] >= 80
    assert kinds["benign"] >= 24
    assert all(case.expect["why"] for case in FOUND)
    assert len({case.name.split("_")[0] for case in FOUND}) == len(FOUND)
