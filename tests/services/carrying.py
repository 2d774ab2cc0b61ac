"""The ports that carry messages, over one database and one Redis."""

from __future__ import annotations

from dataclasses import replace

from redis import Redis
from sqlalchemy import Engine

from fractal_rmo.adapters.bus.app import make_app
from fractal_rmo.adapters.bus.router import RedisRouter
from fractal_rmo.adapters.db.experiments import SqlExperimentStore
from fractal_rmo.adapters.db.inbox import SqlInbox
from fractal_rmo.adapters.db.learning import SqlLearningStore
from fractal_rmo.adapters.db.outbox import SqlOutbox
from fractal_rmo.adapters.db.protocols import SqlProtocolStore
from fractal_rmo.bootstrap.tools import make_tools
from fractal_rmo.config.settings import Settings
from fractal_rmo.services.known import Known
from fractal_rmo.services.tools import Tools


def tools_over(engine: Engine, redis: Redis, *, claim_after_s: float = 30.0) -> Tools:
    """Tools whose messages go through these servers; of the rest nothing is used."""
    learning, protocols = SqlLearningStore(engine), SqlProtocolStore(engine)
    return replace(
        make_tools(make_app()),
        settings=Settings(),
        outbox=SqlOutbox(engine),
        inbox=SqlInbox(engine),
        router=RedisRouter(redis, redis, claim_after_s=claim_after_s),
        learning=learning,
        protocols=protocols,
        experiments=SqlExperimentStore(engine),
        known=Known(protocols, learning),
    )
