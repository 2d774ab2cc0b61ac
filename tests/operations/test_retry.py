from __future__ import annotations

from typing import Any

import pytest

from fractal_rmo.domain.errors import CATALOGUE
from fractal_rmo.domain.model import Mend, ModelTrouble
from fractal_rmo.operations.retry import TRIES, Again, next_try, tells_of_endpoint

BUSY = ModelTrouble.OVERLOADED


def after(trouble: ModelTrouble, **case: Any) -> Again | None:
    usual: dict[str, Any] = {
        "tries": 1, "endpoints": 1, "untried": 0, "retry_after_s": None, "chance": 0.0,
        "left_s": 1000.0,
    }  # fmt: skip
    return next_try(trouble, **{**usual, **case})


def test_every_trouble_has_a_code_that_explains_it() -> None:
    for trouble in ModelTrouble:
        assert CATALOGUE[trouble.code].remedy
    assert {trouble.mend for trouble in ModelTrouble} == set(Mend)


@pytest.mark.parametrize(("tries", "wait_s"), [(1, 1.0), (2, 2.0)])
def test_waits_double(tries: int, wait_s: float) -> None:
    assert after(BUSY, tries=tries) == Again(wait_s, elsewhere=False)
    latest = after(BUSY, tries=tries, chance=1.0)
    assert latest
    assert latest.wait_s == pytest.approx(wait_s * 1.1)


def test_three_tries_are_all() -> None:
    assert after(BUSY, tries=TRIES) is None
    assert after(BUSY, tries=TRIES, endpoints=5, untried=2) == Again(0.0, elsewhere=True)


def test_the_servers_word_is_heard_within_the_deadline() -> None:
    assert after(BUSY, retry_after_s=7.0) == Again(7.0, elsewhere=False)
    assert after(BUSY, retry_after_s=0.0) == Again(1.0, elsewhere=False)
    assert after(BUSY, retry_after_s=7.0, left_s=6.0) is None
    assert after(BUSY, untried=1, left_s=0.0) is None


def test_another_endpoint_is_asked_before_any_wait() -> None:
    for trouble in (BUSY, ModelTrouble.BAD_KEY):
        assert after(trouble, untried=1) == Again(0.0, elsewhere=True)


@pytest.mark.parametrize("trouble", [t for t in ModelTrouble if t.mend is Mend.CHANGE])
def test_what_the_request_is_to_blame_for_is_not_repeated(trouble: ModelTrouble) -> None:
    assert after(trouble, untried=3) is None
    assert tells_of_endpoint(trouble) is True


def test_a_wrong_setting_is_not_waited_for() -> None:
    for trouble in (ModelTrouble.NO_SUCH_MODEL, ModelTrouble.BAD_KEY):
        assert after(trouble) is None
    assert tells_of_endpoint(ModelTrouble.BAD_KEY) is False


def test_a_role_without_its_model_closes_no_endpoint_to_the_others() -> None:
    assert tells_of_endpoint(ModelTrouble.NO_SUCH_MODEL) is None


def test_a_rate_limit_says_nothing_of_the_endpoints_health() -> None:
    assert tells_of_endpoint(ModelTrouble.RATE_LIMITED) is None
    assert tells_of_endpoint(ModelTrouble.OVERLOADED) is False


def test_a_malformed_answer_is_asked_for_again_at_once() -> None:
    assert after(ModelTrouble.MALFORMED) == Again(0.0, elsewhere=False)
    assert tells_of_endpoint(ModelTrouble.MALFORMED) is None
