"""Which tier is used: the strongest that works, the one that is set, never one below the floor."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from fractal_rmo import bootstrap
from fractal_rmo.adapters.sandbox import ZygoteSandbox
from fractal_rmo.adapters.sandbox.environments import own_environment
from fractal_rmo.adapters.sandbox.probe import TIERS, choose, known_trouble, probe
from fractal_rmo.adapters.sandbox.zygote_process import Zygote, ZygoteKey
from fractal_rmo.config.load import load, settings
from fractal_rmo.domain.errors import ErrorCode, SandboxUnavailableError, SettingsError
from fractal_rmo.domain.run import Runtime, Tier


@pytest.fixture
def anew(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """What is set and what is known is forgotten before and after."""
    for known in (settings, known_trouble, own_environment):
        known.cache_clear()
    yield monkeypatch
    for known in (settings, known_trouble, own_environment):
        known.cache_clear()


def test_every_tier_is_probed_strongest_first() -> None:
    assert list(probe()) == list(TIERS) == list(Tier)


def test_the_strongest_that_works_is_chosen() -> None:
    works = [tier for tier, why in probe().items() if not why]
    assert ZygoteSandbox().tier is works[0]


def test_a_tier_below_the_floor_is_refused_and_named() -> None:
    with pytest.raises(SandboxUnavailableError, match="'rlimits' is below 'landlock'") as raised:
        choose(Tier.RLIMITS, Tier.LANDLOCK, "")
    assert raised.value.code is ErrorCode.SANDBOX_UNAVAILABLE
    assert "doctor" in str(raised.value)


def test_when_nothing_works_each_reason_is_named(anew: pytest.MonkeyPatch) -> None:
    anew.setattr(sys, "executable", "/nowhere/python")
    anew.setenv("PATH", "/nowhere")
    with pytest.raises(SandboxUnavailableError) as raised:
        choose(None, Tier.LANDLOCK, "")
    for words in ("docker: There is no program", "namespaces: ", "landlock: ", "/nowhere/python"):
        assert words in str(raised.value)
    assert "rlimits" not in str(raised.value)


def test_the_setting_forces_a_tier(anew: pytest.MonkeyPatch) -> None:
    anew.setenv("FRACTAL_SANDBOX_TIER", "rlimits")
    with bootstrap.sandbox() as sandbox:
        assert sandbox.tier is Tier.RLIMITS


def test_production_refuses_what_hides_nothing(anew: pytest.MonkeyPatch) -> None:
    anew.setenv("FRACTAL_SANDBOX_TIER", "rlimits")
    anew.setenv("FRACTAL_ENVIRONMENT", "production")
    with (
        bootstrap.sandbox() as sandbox,
        pytest.raises(SandboxUnavailableError, match=r"FR401.*'rlimits' is below 'landlock'"),
        sandbox.session(),
    ):
        pass


def test_an_unknown_tier_is_refused_with_those_there_are(tmp_path: Path) -> None:
    (tmp_path / "default.yaml").write_text("sandbox: {tier: chroot}\n")
    environment: Mapping[str, str] = {}
    with pytest.raises(SettingsError, match=r"'chroot'.*namespaces, landlock"):
        load(tmp_path, environment)


@pytest.mark.usefixtures("anew")
def test_the_zygote_that_showed_a_tier_to_work_is_kept() -> None:
    kept: dict[ZygoteKey, Zygote] = {}
    for _ in range(2):  # what is known is not tried again
        assert choose(Tier.RLIMITS, Tier.RLIMITS, "", kept.__setitem__) is Tier.RLIMITS
    ((key, zygote),) = kept.items()
    assert (key.runtime, key.tier) == (Runtime.THIN, Tier.RLIMITS)
    assert zygote.alive
    assert zygote.ready
    zygote.close()


@pytest.mark.usefixtures("anew")
def test_a_sandbox_goes_on_with_the_zygote_that_was_tried_and_ends_it() -> None:
    sandbox = ZygoteSandbox(Tier.RLIMITS)
    tried = sandbox.zygote(ZygoteKey(Runtime.THIN, sandbox.tier))
    assert tried.ready  # no session was opened but that of the trial
    sandbox.close()
    assert not tried.alive


def test_warming_the_tests_warms_their_second_run_too() -> None:
    sandbox = ZygoteSandbox(Tier.RLIMITS)
    sandbox.warm(Runtime.THICK)
    keys = {(key.runtime, key.hash_seed) for key in sandbox._zygotes}
    sandbox.close()
    assert {(Runtime.THICK, 0), (Runtime.THICK, 1), (Runtime.THIN, 1)} <= keys
