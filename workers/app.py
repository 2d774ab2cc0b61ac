"""The application that workers, beat, Flower and ``celery`` itself load."""

from __future__ import annotations

from fractal_rmo.adapters.bus.app import make_app
from fractal_rmo.bootstrap.servers import ensure_servers

# every ``celery -A workers`` command must find the embedded servers, with no setting at all
ensure_servers()
app = make_app()
app.conf.imports = ("workers.tasks", "workers.process", "workers.about", "workers.watch")
