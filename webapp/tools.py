"""The ports of this process."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from fractal_rmo.bootstrap.tools import client

if TYPE_CHECKING:
    from fractal_rmo.services.tools import Tools

_LOG = logging.getLogger(__name__)
_CONNECTIONS = 8
"""To the database: a request holds one for milliseconds, a stream holds none."""


def tools() -> Tools:
    """Made on first use; raises ``InfrastructureError`` while a server is down."""
    return client(_LOG.info, _CONNECTIONS)
