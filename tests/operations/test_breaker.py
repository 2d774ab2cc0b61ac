from __future__ import annotations

from fractal_rmo.operations.breaker import FAILURES, REST_S, Breaker, Circuit


def failed(breaker: Breaker, times: int, now: float) -> Breaker:
    for _ in range(times):
        breaker = breaker.after(succeeded=False, now=now)
    return breaker


def test_five_failures_in_a_row_open_it() -> None:
    assert failed(Breaker(), FAILURES - 1, 10).circuit(10) is Circuit.CLOSED
    assert failed(Breaker(), FAILURES, 10).circuit(10) is Circuit.OPEN


def test_a_success_between_them_starts_the_count_anew() -> None:
    breaker = failed(Breaker(), FAILURES - 1, 10).after(succeeded=True, now=11)
    assert failed(breaker, FAILURES - 1, 12).circuit(12) is Circuit.CLOSED


def test_after_a_minute_it_is_half_open() -> None:
    breaker = failed(Breaker(), FAILURES, 10)
    assert breaker.circuit(10 + REST_S - 0.1) is Circuit.OPEN
    assert breaker.circuit(10 + REST_S) is Circuit.HALF_OPEN
    assert breaker.rests_s(30) == REST_S - 20


def test_its_probe_decides() -> None:
    half_open = failed(Breaker(), FAILURES, 10).probed_by("probe")
    assert half_open.after(succeeded=True, now=80) == Breaker()
    again = half_open.after(succeeded=False, now=80)
    assert again.circuit(80 + REST_S - 0.1) is Circuit.OPEN
