"""Wiring: the only place where ports meet their adapters, once per process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from dataclasses import replace as changed
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from fractal_rmo.config.load import CHECKOUT, IS_CHECKOUT, settings, signing_key, state_root
from fractal_rmo.config.settings import Web
from fractal_rmo.domain.errors import CATALOGUE, ErrorCode, SettingsError
from fractal_rmo.domain.run import Tier
from fractal_rmo.ports.messages import Router
from fractal_rmo.ports.sandbox import Sandbox
from fractal_rmo.ports.signing import Checker, Signer

if TYPE_CHECKING:
    from celery import Celery

    from fractal_rmo.adapters.backup.load import Restored
    from fractal_rmo.adapters.embedded.paths import StatePaths
    from fractal_rmo.adapters.sandbox import ZygoteSandbox
    from fractal_rmo.adapters.supervisor.supervisor import Supervisor
    from fractal_rmo.domain.backup import Manifest
    from fractal_rmo.services.hold import Heart
    from fractal_rmo.services.tools import Tools


MIGRATIONS = CHECKOUT / "migrations"
LOOPBACK = ("127.0.0.1", "localhost", "::1", "[::1]")
_SHORTEST_SECRET = 32
_FEWEST_CHARACTERS = 8
"""Different ones."""
_REDIS_S = 0.5
"""For an answer; what asks goes on without one."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the servers are, and which of them are ours to start."""

    database: str
    redis: str
    embedded_database: bool
    embedded_broker: bool


def state_paths() -> StatePaths:
    """The state folder of this checkout."""
    from fractal_rmo.adapters.embedded.paths import StatePaths

    return StatePaths(state_root())


@lru_cache(maxsize=1)
def addresses() -> Addresses:
    """The configured servers, else the embedded ones: computed, nothing is started."""
    paths = state_paths()
    configured = (settings().database.address, settings().redis.address)
    return Addresses(
        database=configured[0] or paths.database_url,
        redis=configured[1] or paths.redis_url,
        embedded_database=not configured[0],
        embedded_broker=not configured[1],
    )


def is_cluster_set() -> bool:
    """Whether the settings name a cluster's servers."""
    where = addresses()
    return not where.embedded_database and not where.embedded_broker


def ensure_servers() -> bool:
    """Start the embedded servers that are used and down; whether any had to be started."""
    where = addresses()
    if not (where.embedded_database or where.embedded_broker):
        return False
    from fractal_rmo.adapters.embedded.servers import ensure_running

    return ensure_running(
        state_paths(), database=where.embedded_database, broker=where.embedded_broker
    )


def web_secrets() -> Web:
    """The web server's settings with both secrets in them.

    They are made for a checkout whose pages only its own machine reaches.
    Raises ``SettingsError`` (NEEDS_SECRETS) where others could, and for short ones.
    """
    web = settings().web
    given = {"SECRET_KEY": web.secret_key, "FRACTAL_ACCESS_TOKEN": web.access_token}
    lacking = [name for name, value in given.items() if not _is_secret(value)]
    if not lacking and web.secret_key != web.access_token:
        return web
    private = settings().system.environment == "development" and web.host in LOOPBACK
    if not private or any(given.values()):
        words = (
            f"{' and '.join(lacking)}: missing or too simple." if lacking else "Both are the same."
        )
        raise SettingsError(ErrorCode.NEEDS_SECRETS, words)
    from fractal_rmo.adapters.embedded.secrets import web_secrets as of_checkout

    return changed(web, **of_checkout(state_paths()))


def _is_secret(value: str) -> bool:
    return len(value.strip()) >= _SHORTEST_SECRET and len(set(value)) >= _FEWEST_CHARACTERS


def migrate() -> None:
    """Bring the tables to this version; those of the embedded server are backed up before."""
    from fractal_rmo.adapters.backup.before import keep_before
    from fractal_rmo.adapters.db.migrate import upgrade

    where = addresses()

    def before(revision: str) -> None:
        if where.embedded_database:  # another's database has another's backups
            keep_before(where.database, state_paths(), _secret_files(), revision)

    upgrade(where.database, MIGRATIONS, before)


def _secret_files() -> dict[str, Path]:
    """What proofs and sessions need beside the database; secrets that are set are settings."""
    return {"signing-key.pem": signing_key(), "web-secrets.json": state_paths().web_secrets}


def reach_database(*, to_change_tables: bool) -> bool:
    """Start the embedded servers where they are used and down; whether any had to be started.

    Raises ``SettingsError`` (NEEDS_CLUSTER) where only the package is
    installed: it has no servers, and not what makes or changes tables.
    """
    if IS_CHECKOUT:
        return ensure_servers()
    if to_change_tables:
        raise SettingsError(ErrorCode.NEEDS_CLUSTER, "Only a checkout can make or change tables.")
    if addresses().embedded_database:
        raise SettingsError(ErrorCode.NEEDS_CLUSTER, "DATABASE_URL does not name a database.")
    return False


def backup(file: Path, report: Callable[[str, int], None]) -> Manifest:
    """Write everything into one file, whoever works meanwhile; nothing is migrated for it."""
    from fractal_rmo.adapters.backup.save import save

    return save(addresses().database, file, _secret_files(), report)


def restore(file: Path, report: Callable[[str, int], None], *, replace: bool) -> Restored:
    """Put what a backup holds in the place of what is there."""
    from fractal_rmo.adapters.backup.load import Place, load
    from fractal_rmo.adapters.backup.secrets import Secret

    where = addresses()
    secrets = {
        name: Secret(path, precious=path == signing_key()) for name, path in _secret_files().items()
    }
    data = state_paths().data if where.embedded_database else None
    place = Place(where.database, MIGRATIONS, secrets, data)
    return load(file, place, report, replace=replace)


def install_protocol() -> None:
    """Put the shipped protocol in force, and tell of it, where there is none yet."""
    from fractal_rmo.adapters.db.engine import make_engine
    from fractal_rmo.adapters.db.protocols import SqlProtocolStore
    from fractal_rmo.domain.protocol import SHIPPED

    engine = make_engine(addresses().database, 1)
    try:
        SqlProtocolStore(engine).install(SHIPPED)
    finally:
        engine.dispose()


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
    from fractal_rmo.adapters.db.inbox import SqlInbox
    from fractal_rmo.adapters.db.learning import SqlLearningStore
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
        protocols=protocols,
        known=Known(protocols, learning),
        links=SqlLinkStore(engine),
        bell=CanvasDoorbell(app),
        sandbox=_make_sandbox(),
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


def _make_sandbox() -> ZygoteSandbox:
    """Of the tier that is set, else the strongest; production has a floor."""
    from fractal_rmo.adapters.sandbox import ZygoteSandbox

    wanted = settings().sandbox
    production = settings().system.environment == "production"
    named = [path for path in wanted.pythons.split(":") if path]
    return ZygoteSandbox(
        Tier(wanted.tier) if wanted.tier else None,
        floor=Tier.LANDLOCK if production else Tier.RLIMITS,
        image=wanted.image,
        pythons=named if production or named else None,
    )


@contextmanager
def sandbox() -> Iterator[Sandbox]:
    """The sandbox of this machine, closed afterwards."""
    jail = _make_sandbox()
    try:
        yield jail
    finally:
        jail.close()


def server_trouble() -> list[str]:
    """One sentence for each server that does not answer; nothing is started."""
    from importlib.util import find_spec

    if not find_spec("celery"):
        return [CATALOGUE[ErrorCode.NEEDS_CLUSTER].remedy]
    from fractal_rmo.adapters.bus.app import make_app
    from fractal_rmo.adapters.bus.ping import broker_trouble
    from fractal_rmo.adapters.db.engine import database_trouble

    found = [database_trouble(addresses().database), broker_trouble(make_app())]
    return [sentence for sentence in found if sentence]


def worker_queues() -> dict[str, list[str]]:
    """The queues of each worker that answers."""
    from fractal_rmo.adapters.bus.app import make_app
    from fractal_rmo.adapters.bus.ping import workers

    return workers(make_app())


def make_supervisor(report: Callable[[str], None]) -> Supervisor:
    """The supervisor of this checkout's Procfile, and the servers that it needs."""
    import os

    from fractal_rmo.adapters.supervisor.supervisor import Supervisor

    if not (CHECKOUT / "Procfile").exists():
        raise SettingsError(ErrorCode.NEEDS_CLUSTER, "Only a checkout can start one.")
    environment = {**os.environ, "FRACTAL_STATE": str(state_root())}
    return Supervisor(CHECKOUT / "Procfile", state_paths(), environment, report=report)


def stop_servers() -> None:
    """Stop the embedded servers of this state folder; nothing happens when none runs."""
    from fractal_rmo.adapters.embedded.servers import stop

    stop(state_paths())


def stop_everything(*, purge: bool) -> None:
    """End a running supervisor and the embedded servers; ``purge`` deletes the state folder."""
    from fractal_rmo.adapters.embedded import servers
    from fractal_rmo.adapters.supervisor.control import stop_running

    stop_running(state_paths())
    stop_servers()
    if purge:
        servers.purge(state_paths())


def make_signer() -> Signer:
    """The key of this account, made at first use; raises ``InputError`` (CANNOT_SIGN)."""
    from fractal_rmo.adapters.signing import KeyFile

    return KeyFile(signing_key())


def signature_checker() -> Checker:
    """Checks the signatures of any key."""
    from fractal_rmo.adapters.signing import check

    return check


def sandbox_tiers() -> dict[str, str]:
    """Each tier, with "" where it works here and else the reason."""
    from fractal_rmo.adapters.sandbox.probe import probe

    return {tier.value: trouble for tier, trouble in probe(settings().sandbox.image).items()}


def free_space() -> dict[str, int]:
    """Megabytes free where state is kept."""
    import shutil

    folder = state_root()
    while not folder.exists():
        folder = folder.parent
    return {str(folder): shutil.disk_usage(folder).free // 1_000_000}
