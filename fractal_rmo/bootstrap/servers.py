"""Where the servers are, and who starts and stops those that are ours."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from fractal_rmo.config.load import CHECKOUT, IS_CHECKOUT, settings, state_root
from fractal_rmo.domain.errors import ErrorCode, SettingsError

if TYPE_CHECKING:
    from fractal_rmo.adapters.embedded.paths import StatePaths
    from fractal_rmo.adapters.supervisor.supervisor import Supervisor


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


def make_supervisor(report: Callable[[str], None]) -> Supervisor:
    """The supervisor of this checkout's Procfile, and the servers that it needs."""
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
