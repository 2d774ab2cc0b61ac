"""Language models, as the settings name them."""

from __future__ import annotations

from dataclasses import fields
from functools import lru_cache
from importlib.util import find_spec
from typing import TYPE_CHECKING

from fractal_rmo.bootstrap.servers import addresses
from fractal_rmo.config.load import settings
from fractal_rmo.config.settings import ModelEndpoint
from fractal_rmo.domain.errors import ErrorCode, SettingsError
from fractal_rmo.domain.model import Endpoint, ModelProvider, Price
from fractal_rmo.ports.models import LanguageModel, Purse

if TYPE_CHECKING:
    from fractal_rmo.adapters.llm.doctor import Finding
    from fractal_rmo.adapters.llm.routes import Routes
    from fractal_rmo.adapters.llm.speaker import Speaker

_REDIS_S = 0.5
SIMULATED = Endpoint("simulated", ModelProvider.SIMULATED, free=True)


def make_models(*, shared: bool) -> LanguageModel:
    """The models of this process; their SDKs are imported when one is first asked.

    ``shared`` balances and caches with all processes, over Redis.
    """
    from fractal_rmo.adapters.cache.two_level import TwoLevelCache
    from fractal_rmo.adapters.llm.asking import Models
    from fractal_rmo.adapters.llm.attempt import Attempts
    from fractal_rmo.adapters.llm.board import LocalBoard

    routes = make_routes()
    if not shared:
        return Models(routes, Attempts(speaker, LocalBoard(), routes), TwoLevelCache(None))
    from fractal_rmo.adapters.bus.redis_client import make_redis
    from fractal_rmo.adapters.cache.far import Far
    from fractal_rmo.adapters.llm.redis_board import RedisBoard

    redis = make_redis(addresses().redis, settings().redis, timeout_s=_REDIS_S)
    return Models(routes, Attempts(speaker, RedisBoard(redis), routes), TwoLevelCache(Far(redis)))


def examine() -> tuple[list[Finding], bool]:
    """What one tiny real call shows of each configured endpoint, and whether a ledger knows of it.

    Raises ``SettingsError`` (NEEDS_SDK) where one is configured that cannot be asked here.
    """
    for each in settings().models.configured:
        if not _can_ask(each.provider):
            detail = f"'{each.name}' is configured, but '{each.provider}' is not installed."
            raise SettingsError(ErrorCode.NEEDS_SDK, detail)
    from fractal_rmo.adapters.llm.asking import NoPurse
    from fractal_rmo.adapters.llm.doctor import examine as examine_one

    routes, found = make_routes(), day_purse()
    purse = found or NoPurse()
    return [examine_one(each, routes, speaker, purse) for each in routes.offered(None)], bool(found)


def day_purse() -> Purse | None:
    """Everybody's account of today, for calls of no task; None where no database answers."""
    from fractal_rmo.services.purse import TaskPurse, limits_of_day

    if not find_spec("sqlalchemy"):
        return None
    from sqlalchemy.exc import ProgrammingError

    from fractal_rmo.adapters.db.engine import database_trouble, make_engine
    from fractal_rmo.adapters.db.ledger import SqlLedger

    if database_trouble(addresses().database):
        return None
    ledger, limits = SqlLedger(make_engine(addresses().database)), limits_of_day(settings().limits)
    try:
        ledger.balances(limits)
    except ProgrammingError:  # it has no tables yet
        return None
    return TaskPurse(ledger, None, limits)


def make_routes() -> Routes:
    """The configured endpoints, the model of each role, and what they cost.

    A key that happens to be set where no SDK is installed configures nothing.
    """
    from fractal_rmo.adapters.llm.prices import PriceBook
    from fractal_rmo.adapters.llm.routes import Routes

    agents, models = settings().agents, settings().models
    roles = {kind.name: getattr(agents, kind.name).model for kind in fields(agents)}
    stand_ins = [
        {ModelProvider.OPENAI: row.openai, ModelProvider.ANTHROPIC: row.anthropic}
        for row in models.stand_ins
    ]
    prices = {
        each.model: Price(each.input, each.output, each.cached or each.input, "configuration")
        for each in models.prices
    }
    endpoints = [_endpoint(each) for each in models.configured if _can_ask(each.provider)]
    return Routes([*endpoints, SIMULATED], roles, stand_ins, PriceBook(prices))


@lru_cache(maxsize=64)
def speaker(endpoint: Endpoint) -> Speaker:
    """What speaks to an endpoint, one a process; the keys go no further than there."""
    if endpoint.provider is ModelProvider.SIMULATED:
        from fractal_rmo.adapters.llm.simulated import Simulated, read_script

        play = settings().models.simulated
        return Simulated(read_script(play.script, play.seed, play.latency_s, play.failure_rate))
    keys = {each.name: each.key for each in settings().models.configured}
    key = keys[endpoint.name]
    if endpoint.provider is ModelProvider.ANTHROPIC:
        from fractal_rmo.adapters.llm.anthropic_messages import AnthropicMessages

        return AnthropicMessages(endpoint, key)
    from fractal_rmo.adapters.llm.openai_chat import OpenAIChat

    return OpenAIChat(endpoint, key)


def _can_ask(provider: str) -> bool:
    """The simulated model needs nothing."""
    needs = () if provider == ModelProvider.SIMULATED else (provider, "genai_prices")
    return all(find_spec(name) for name in needs)


def _endpoint(set_: ModelEndpoint) -> Endpoint:
    return Endpoint(
        name=set_.name,
        provider=ModelProvider(set_.provider),
        base_url=set_.base_url,
        model=set_.model,
        weight=set_.weight,
        max_calls=set_.max_calls,
        timeout_s=set_.timeout_s,
        free=set_.free,
        stream=set_.stream,
    )
