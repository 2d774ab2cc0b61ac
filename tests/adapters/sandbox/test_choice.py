"""Which tier is used: the strongest that works, the one that is set, never one below the floor."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from fractal_rmo.adapters.sandbox import ZygoteSandbox
from fractal_rmo.adapters.sandbox import probe as probe_module
from fractal_rmo.adapters.sandbox.environments import own_environment
from fractal_rmo.adapters.sandbox.probe import TIERS, choose, forget, probe
from fractal_rmo.adapters.sandbox.zygote_process import ZygoteKey
from fractal_rmo.bootstrap.jails import sandbox
from fractal_rmo.config.load import load, settings
from fractal_rmo.domain.errors import ErrorCode, SandboxUnavailableError, SettingsError
from fractal_rmo.domain.run import RunEnding, RunRequest, Runtime, Tier

EMPTY = RunRequest(Runtime.THIN, "unit_tests", {}, {"tests": [], "code": []})


@pytest.fixture
def anew(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """What is set and what is known is forgotten before and after."""
    _forget_all()
    yield monkeypatch
    _forget_all()


def _forget_all() -> None:
    settings.cache_clear()
    own_environment.cache_clear()
    forget()


def test_every_tier_is_probed_strongest_first() -> None:
    assert list(probe()) == list(TIERS) == list(Tier)


def test_the_strongest_that_works_is_chosen() -> None:
    works = [tier for tier, why in probe().items() if not why]
    assert ZygoteSandbox().tier is works[0]


@pytest.mark.usefixtures("anew")
def test_what_showed_that_a_tier_works_is_kept_for_use() -> None:
    own = ZygoteSandbox()
    try:
        own.warm(Runtime.THIN)
        (started,) = own._zygotes.values()
        key = ZygoteKey(Runtime.THIN, own.tier)
        with own.session() as run:
            assert run(EMPTY).ending is RunEnding.COMPLETED
        if own.tier is Tier.NAMESPACES:
            assert own.zygote(key) is started
    finally:
        own.close()


@pytest.mark.usefixtures("anew")
def test_what_was_started_for_another_tier_is_ended_when_that_does_not_work(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    own = ZygoteSandbox()
    monkeypatch.setitem(probe_module._known, (Tier.NAMESPACES, ""), "It does not.")
    monkeypatch.setitem(probe_module._known, (Tier.DOCKER, ""), "Nor does this.")
    try:
        own.warm(Runtime.THIN)
        (started,) = own._zygotes.values()
        assert own.tier not in (Tier.NAMESPACES, Tier.DOCKER)
        assert not started.alive
        assert all(key.tier is own.tier for key in own._zygotes)
    finally:
        own.close()


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
    with sandbox() as jail:
        assert jail.tier is Tier.RLIMITS


def test_production_refuses_what_hides_nothing(anew: pytest.MonkeyPatch) -> None:
    anew.setenv("FRACTAL_SANDBOX_TIER", "rlimits")
    anew.setenv("FRACTAL_ENVIRONMENT", "production")
    with (
        sandbox() as jail,
        pytest.raises(SandboxUnavailableError, match=r"FR401.*'rlimits' is below 'landlock'"),
        jail.session(),
    ):
        pass


def test_an_unknown_tier_is_refused_with_those_there_are(tmp_path: Path) -> None:
    (tmp_path / "default.yaml").write_text("sandbox: {tier: chroot}\n")
    environment: Mapping[str, str] = {}
    with pytest.raises(SettingsError, match=r"'chroot'.*namespaces, landlock"):
        load(tmp_path, environment)
