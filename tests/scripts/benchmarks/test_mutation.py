from __future__ import annotations

import pytest

from fractal_rmo.adapters.sandbox import ZygoteSandbox
from scripts.benchmarks import mutation
from scripts.benchmarks.mutation import Compared


def compared(name: str, whole_s: float, attack_s: float, mutmut_s: float) -> Compared:
    return Compared(name, 10, 20, whole_s, attack_s, whole_s / 4, mutmut_s, [])


def test_rates_count_each_side_by_its_own_mutants_and_seconds() -> None:
    one = compared("small/a", whole_s=2.0, attack_s=1.0, mutmut_s=40.0)
    assert one.speedup() == (10 / 2) / (20 / 40)
    assert one.speedup(attack=False) == (10 / 1) / (20 / 40)
    assert one.value()["judging"] == (10 / 0.5) / (20 / 40)


def test_small_code_and_the_module_are_kept_apart() -> None:
    value = mutation.figures(
        [
            compared("small/a", 1.0, 0.0, 20.0),
            compared("row", 1.0, 0.5, 40.0),
            compared("module/m", 2.0, 0.0, 10.0),
        ],
        {"small/b": "why"},
    )
    assert (value["speedup_small"], value["speedup_module"]) == (15.0, 2.5)
    assert value["speedup_small_without_attack"] == 25.0
    assert (value["speedup_small_judging"], value["speedup_module_judging"]) == (60.0, 10.0)
    assert (value["mutants_ours"], value["mutants_mutmut"]) == (30, 60)
    assert value["not_compared"] == {"small/b": "why"}


@pytest.mark.thorough
@pytest.mark.slow
def test_every_ending_of_level_6_is_read_and_compared() -> None:
    found = {name: (code, tests) for name, code, tests in mutation.of_folder("small")}
    assert len(found) == 6
    jail = ZygoteSandbox()
    try:
        one = mutation.compare("small/runs", *found["small/runs"], jail)
    finally:
        jail.close()
    assert one.mutants == one.theirs > 5
    assert [each for each in one.disagreements if not each["explanation"]] == []
