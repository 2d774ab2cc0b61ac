"""Real servers for the whole run; a database of its own for each test that asks for one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from redis import Redis
from sqlalchemy import Engine, text

from fractal_rmo.adapters.bus.redis_client import make_redis
from fractal_rmo.adapters.db.engine import make_engine
from fractal_rmo.adapters.db.migrate import upgrade
from fractal_rmo.adapters.embedded.paths import StatePaths
from fractal_rmo.adapters.embedded.servers import ensure_running, purge
from fractal_rmo.config.settings import Redis as RedisSettings

ROOT = Path(__file__).resolve().parents[1]
# other examples each time; who wants more of them at once sets HYPOTHESIS_PROFILE
settings.register_profile("many", max_examples=500, deadline=None)
settings.register_profile("usual", max_examples=30, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "usual"))


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StatePaths]:
    """Embedded PostgreSQL and Valkey in a folder of this run."""
    paths = StatePaths(tmp_path_factory.mktemp("state"))
    ensure_running(paths)
    try:
        upgrade(paths.database_url, ROOT / "migrations")
        yield paths
    finally:
        purge(paths)


@pytest.fixture
def engine(servers: StatePaths, request: pytest.FixtureRequest) -> Iterator[Engine]:
    """An engine on a fresh copy of the migrated database."""
    name = f"copy_{abs(hash(request.node.nodeid))}"
    server = make_engine(servers.database_url.replace("/fractal_rmo?", "/postgres?"))
    with server.connect() as db:
        db.execute(text(f"CREATE DATABASE {name} TEMPLATE fractal_rmo"))
    copy = make_engine(servers.database_url.replace("/fractal_rmo?", f"/{name}?"), pool_size=8)
    yield copy
    copy.dispose()
    with server.connect() as db:
        db.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    server.dispose()


@pytest.fixture
def redis_url(servers: StatePaths) -> str:
    """An empty database of Valkey, apart from Celery's."""
    url = servers.redis_url.replace("virtual_host=0", "virtual_host=5")
    with make_redis(url, RedisSettings(), timeout_s=5.0) as client:
        client.flushdb()
    return url


@pytest.fixture
def redis(redis_url: str) -> Iterator[Redis]:
    """A client of it."""
    with make_redis(redis_url, RedisSettings(), timeout_s=5.0) as client:
        yield client
