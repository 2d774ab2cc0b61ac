"""The ports of a process, each with its adapter."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING

from fractal_rmo.bootstrap.data import migrate
from fractal_rmo.bootstrap.jails import make_sandbox
from fractal_rmo.bootstrap.models import make_models
from fractal_rmo.bootstrap.servers import addresses, ensure_servers, is_cluster_set
from fractal_rmo.config.load import IS_CHECKOUT, settings
from fractal_rmo.domain.errors import ErrorCode, SettingsError
from fractal_rmo.ports.messages import Router

if TYPE_CHECKING:
    from celery import Celery

    from fractal_rmo.services.hold import Heart
    from fractal_rmo.services.tools import Tools

_REDIS_S = 0.5
"""For an answer; what asks goes on without one."""


def make_router() -> Router:
    """Messages over Redis; it connects on first use and needs no other server."""
    from fractal_rmo.adapters.bus.redis_client import make_redis
    from fractal_rmo.adapters.bus.router import RedisRouter

    quick, patient = (
        make_redis(addresses().redis, settings().redis, timeout_s=seconds)
        for seconds in (_REDIS_S, None)
    )
    return RedisRouter(quick, patient)


def make_tools(app: Celery, connections: int = 2) -> Tools:
    """All ports for this process, over the given Celery application.

    ``connections`` to the database are kept open: a worker needs two, one for its heartbeat.
    """
    from fractal_rmo.adapters.bus.canvas import CanvasDoorbell
    from fractal_rmo.adapters.bus.cluster_view import CeleryClusterView
    from fractal_rmo.adapters.bus.redis_client import make_redis
    from fractal_rmo.adapters.cache.agents import HotAgentStore
    from fractal_rmo.adapters.db.agents import SqlAgentStore
    from fractal_rmo.adapters.db.audit import SqlAuditStore
    from fractal_rmo.adapters.db.dead import SqlDeadSteps
    from fractal_rmo.adapters.db.engine import make_engine
    from fractal_rmo.adapters.db.experiments import SqlExperimentStore
    from fractal_rmo.adapters.db.inbox import SqlInbox
    from fractal_rmo.adapters.db.learning import SqlLearningStore
    from fractal_rmo.adapters.db.ledger import SqlLedger
    from fractal_rmo.adapters.db.links import SqlLinkStore
    from fractal_rmo.adapters.db.outbox import SqlOutbox
    from fractal_rmo.adapters.db.protocols import SqlProtocolStore
    from fractal_rmo.adapters.db.steps import SqlStepStore
    from fractal_rmo.adapters.db.tasks import SqlTaskStore
    from fractal_rmo.adapters.db.upkeep import SqlUpkeep
    from fractal_rmo.services.known import Known
    from fractal_rmo.services.tools import Tools

    engine = make_engine(addresses().database, connections)
    redis = make_redis(addresses().redis, settings().redis, timeout_s=_REDIS_S)
    learning, protocols = SqlLearningStore(engine), SqlProtocolStore(engine)
    times = settings().pipeline
    return Tools(
        settings=settings(),
        tasks=SqlTaskStore(engine, grace_s=times.grace_s),
        steps=SqlStepStore(engine, lease_s=times.lease_s, grace_s=times.grace_s),
        dead=SqlDeadSteps(engine, grace_s=times.grace_s),
        upkeep=SqlUpkeep(engine, grace_s=times.grace_s),
        agents=HotAgentStore(SqlAgentStore(engine), redis),
        outbox=SqlOutbox(engine),
        inbox=SqlInbox(engine),
        router=make_router(),
        audit=SqlAuditStore(engine),
        learning=learning,
        ledger=SqlLedger(engine),
        protocols=protocols,
        experiments=SqlExperimentStore(engine),
        known=Known(protocols, learning),
        models=make_models(shared=True),
        links=SqlLinkStore(engine),
        bell=CanvasDoorbell(app),
        sandbox=make_sandbox(),
        cluster=CeleryClusterView(app),
    )


def make_heart(tools: Tools, asked_to_end_at: Callable[[], float] = lambda: 0.0) -> Heart:
    """The heartbeat of this process, which ends its work some seconds after it was asked to."""
    from fractal_rmo.services.hold import Farewell, Heart

    times = settings().pipeline
    return Heart(
        tools.steps,
        every_s=times.heartbeat_s,
        lease_s=times.lease_s,
        farewell=Farewell(asked_to_end_at, times.shutdown_s),
    )


@lru_cache(maxsize=1)
def client(report: Callable[[str], None] = print, connections: int = 2) -> Tools:
    """The ports of a process that submits and reads: servers up, tables current.

    ``report`` is told when the embedded servers were down and had to be started.
    An installed package reaches the servers of a cluster elsewhere, which keeps
    its own tables; raises ``SettingsError`` (NEEDS_CLUSTER) where none are named.
    """
    from fractal_rmo.adapters.bus.app import make_app
    from fractal_rmo.adapters.db.migrate import require

    if not IS_CHECKOUT:
        if not is_cluster_set():
            detail = "DATABASE_URL and REDIS_URL do not name the servers of one."
            raise SettingsError(ErrorCode.NEEDS_CLUSTER, detail)
        require(addresses().database)
        return make_tools(make_app(), connections)
    if ensure_servers():
        report("started the embedded servers; 'fractal-rmo down' stops them")
    migrate()
    return make_tools(make_app(), connections)
