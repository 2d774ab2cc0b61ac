"""How both SDKs reach their servers."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from httpx2 import AsyncClient, Limits, Timeout

_CONNECTIONS = 1000
_CONNECT_S = 10.0
"""A server that does not take a connection by then takes none; the answer may need longer."""


def timeout(seconds: float) -> Timeout:
    """For a silent connection; what bounds the whole answer is the caller's deadline."""
    return Timeout(seconds, connect=min(_CONNECT_S, seconds))


def client_for(base_url: str) -> AsyncClient | None:
    """None is the SDK's own; on this machine one that heeds no proxy of the environment.

    A proxy could not reach what listens on loopback, and the SDKs' own
    clients would ask it all the same.
    """
    if not _is_local(base_url):
        return None
    limits = Limits(max_connections=_CONNECTIONS, max_keepalive_connections=_CONNECTIONS)
    return AsyncClient(trust_env=False, limits=limits)


def _is_local(base_url: str) -> bool:
    host = urlsplit(base_url).hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
