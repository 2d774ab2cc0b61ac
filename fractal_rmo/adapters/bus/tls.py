"""Whom a ``rediss://`` connection trusts, the same for the broker and the results."""

from __future__ import annotations

import logging
import ssl

from fractal_rmo.config.settings import Redis

_LOG = logging.getLogger(__name__)


def tls_options(redis: Redis) -> dict[str, object]:
    """The options of Celery's ``broker_use_ssl`` and ``redis_backend_use_ssl``; {} without TLS.

    Left to themselves, the broker's side verifies nothing, silently, and the
    results' side refuses to start.  A verified name must also be the server's.
    """
    if not redis.address.startswith("rediss://"):
        return {}
    trusted: dict[str, object] = {"ssl_ca_certs": redis.tls_ca} if redis.tls_ca else {}
    if redis.tls_verify == "none":
        _LOG.warning(
            "REDIS_TLS_VERIFY is 'none': the broker's certificate is not verified, so whoever "
            "answers at its address can read and forge messages."
        )
        return {"ssl_cert_reqs": ssl.CERT_NONE, "ssl_check_hostname": False}
    return {"ssl_cert_reqs": ssl.CERT_REQUIRED, "ssl_check_hostname": True, **trusted}
