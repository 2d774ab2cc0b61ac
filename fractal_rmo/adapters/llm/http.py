"""How both SDKs reach their servers."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from httpx2 import Timeout

_CONNECT_S = 10.0
"""A server that does not take a connection by then takes none; the answer may need longer."""


def timeout(seconds: float) -> Timeout:
    """For a silent connection; what bounds the whole answer is the caller's deadline."""
    return Timeout(seconds, connect=min(_CONNECT_S, seconds))


def is_local(base_url: str) -> bool:
    """Whether it is this machine's, which no proxy of the environment can reach."""
    host = urlsplit(base_url).hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
