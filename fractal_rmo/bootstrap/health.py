"""What is wrong here, in sentences and figures; nothing is started."""

from __future__ import annotations

import shutil
from importlib.util import find_spec

from fractal_rmo.bootstrap.servers import addresses
from fractal_rmo.config.load import state_root
from fractal_rmo.domain.errors import CATALOGUE, ErrorCode


def server_trouble() -> list[str]:
    """One sentence for each server that does not answer; nothing is started."""
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


def free_space() -> dict[str, int]:
    """Megabytes free where state is kept."""
    folder = state_root()
    while not folder.exists():
        folder = folder.parent
    return {str(folder): shutil.disk_usage(folder).free // 1_000_000}
