"""What must hold between settings, and which addresses can be used."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from urllib.parse import urlsplit

from fractal_rmo.config.settings import ModelPrice, Models, Redis, Settings
from fractal_rmo.domain.errors import ErrorCode, SettingsError
from fractal_rmo.domain.model import ModelProvider
from fractal_rmo.domain.run import Tier

_DATABASES = ("postgresql+psycopg2",)
_BROKERS = ("redis", "rediss", "redis+socket")
_LONGEST_ANSWER_S = 300
"""Below the time limits of the workers' tasks."""
_MODEL_SERVERS = ("http", "https")
TLS_VERIFY = ("required", "none")
_LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
_LONGEST_SLICE_S = 30
"""The specification's limit of one action."""


def check(settings: Settings) -> None:
    """Raise ``SettingsError`` (BAD_SETTING) naming the first setting that cannot be used."""
    _address("DATABASE_URL (database)", settings.database.address, _DATABASES)
    _address("REDIS_URL (redis)", settings.redis.address, _BROKERS)
    _tls(settings.redis)
    if settings.system.log_level not in _LOG_LEVELS:
        _refuse(f"system.log_level is '{settings.system.log_level}'", ", ".join(_LOG_LEVELS))
    times = settings.pipeline
    if not 0 < times.heartbeat_s < times.lease_s:
        _refuse("pipeline.heartbeat_s", "more than 0 and less than pipeline.lease_s")
    if not 0 < times.slice_s <= _LONGEST_SLICE_S:
        _refuse(f"pipeline.slice_s is {times.slice_s:g}", f"0 to {_LONGEST_SLICE_S}")
    if not times.sweep_s > 0:
        _refuse("pipeline.sweep_s", "more than 0")
    if not times.deaf_s > 0:
        _refuse("pipeline.deaf_s", "more than 0")
    if settings.sandbox.tier not in ("", *Tier):
        named = f"FRACTAL_SANDBOX_TIER (sandbox.tier) is '{settings.sandbox.tier}'"
        _refuse(named, f"empty, {', '.join(Tier)}")
    agents = settings.agents
    for kind in fields(agents):
        if getattr(agents, kind.name).count < 1:
            _refuse(f"agents.{kind.name}.count", "at least 1")
    _models(settings.models)


def _models(models: Models) -> None:
    """Endpoints by names of their own, at addresses that are some; no key is repeated."""
    seen: set[str] = set()
    for endpoint in models.configured:
        where = f"the model endpoint '{endpoint.name}'"
        if not endpoint.name or endpoint.name in seen:
            _refuse(f"models.endpoints has {where} twice or unnamed", "a name of its own")
        seen.add(endpoint.name)
        if endpoint.provider not in tuple(ModelProvider):
            _refuse(f"provider of {where} is '{endpoint.provider}'", ", ".join(ModelProvider))
        _address(f"base_url of {where}", endpoint.base_url, _MODEL_SERVERS)
        if endpoint.free and not endpoint.base_url and endpoint.provider != ModelProvider.SIMULATED:
            _refuse(f"free of {where} is true", "a base_url beside it: the vendor's own one bills")
        if not endpoint.weight > 0:
            _refuse(f"weight of {where}", "more than 0")
        if not 0 < endpoint.timeout_s <= _LONGEST_ANSWER_S:
            _refuse(f"timeout_s of {where} is {endpoint.timeout_s:g}", f"0 to {_LONGEST_ANSWER_S}")
    if models.simulated.failure_rate > 1:
        _refuse("models.simulated.failure_rate", "0 to 1")
    _prices(models.prices)


def _prices(prices: tuple[ModelPrice, ...]) -> None:
    """A price that was half written down would make a model free."""
    for price in prices:
        if not price.model:
            _refuse("models.prices has an entry without 'model'", "the name as it is asked for")
        if not (price.input > 0 and price.output > 0):
            named = f"models.prices of '{price.model}'"
            _refuse(f"input or output in {named}", "more than 0; an endpoint may be 'free'")


def _address(name: str, url: str, schemes: tuple[str, ...]) -> None:
    """Known scheme, and a port that is one; the address holds a secret and is not repeated."""
    if not url:
        return
    try:
        parts = urlsplit(url)
        known = parts.scheme in schemes and (parts.port is None or parts.port > 0)
    except ValueError:
        known = False
    if not known:
        fits = " or ".join(f"{scheme}://…" for scheme in schemes)
        _refuse(f"{name} is no address that can be used", fits)


def _tls(redis: Redis) -> None:
    """One place decides whom to trust: options in the address would override it silently."""
    if redis.tls_verify not in TLS_VERIFY:
        _refuse("REDIS_TLS_VERIFY (redis.tls_verify)", " or ".join(TLS_VERIFY))
    if redis.tls_ca and not Path(redis.tls_ca).is_file():
        _refuse(f"REDIS_TLS_CA (redis.tls_ca) is '{redis.tls_ca}'", "a file of certificates")
    if "ssl_" in urlsplit(redis.address).query:
        _refuse("REDIS_URL has ssl_… options", "REDIS_TLS_VERIFY and REDIS_TLS_CA beside it")


def _refuse(what: str, fits: str) -> None:
    raise SettingsError(ErrorCode.BAD_SETTING, f"{what}; what fits is {fits}.")
