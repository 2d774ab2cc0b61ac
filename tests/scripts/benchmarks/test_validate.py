from __future__ import annotations

from fractal_rmo.domain.verdict import Level, Outcome, Verdict
from scripts.benchmarks.validate import Hand, Ours, Score


def ours(seconds: float, last: Level = Level.MUTATION) -> Ours:
    unit = Verdict(Level.UNIT, Outcome.PASSED, "", {"counts": {"passed": 3}}, duration_s=0.5)
    top = Verdict(last, Outcome.FAILED, "why", {"counts": {"mutants": 9}}, duration_s=0.25)
    return Ours(seconds, (unit, top))


def test_the_speedup_is_the_median_of_paired_rows() -> None:
    score = Score()
    for seconds, by_hand in ((1.0, 5.0), (2.0, 20.0), (1.0, 90.0)):
        score.take(ours(seconds), Hand({"ruff": 1.0, "mutmut": by_hand - 1.0}, 10))
    value = score.value()
    assert (value["speedup"], value["ours_p50_s"], value["cli_p50_s"]) == (10.0, 1.0, 20.0)
    assert value["speedup_of_sums"] == round(115 / 4, 2)
    assert (value["tests_run"], value["mutants_ours"], value["mutants_cli"]) == (18, 27, 30)
    assert value["levels_mean_s"] == {"3": 0.5, "6": 0.25}
    assert value["cli_mean_s"] == {"ruff": 1.0, "mutmut": round(112 / 3, 3)}


def test_a_ladder_that_stops_early_is_not_compared() -> None:
    assert ours(1.0).stopped == ""
    assert ours(1.0, Level.STATIC).stopped == "level 2: why"


def test_nothing_measured_is_no_figure() -> None:
    assert Score().value()["speedup"] is None
