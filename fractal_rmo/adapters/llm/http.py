"""How both SDKs reach their servers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from ipaddress import ip_address
from urllib.parse import urlsplit

from httpx2 import (
    AsyncByteStream,
    AsyncClient,
    Limits,
    RemoteProtocolError,
    Request,
    Response,
    Timeout,
)

_CONNECTIONS = 1000
_NEEDED = frozenset(
    (
        *("host", "connection", "accept", "accept-encoding", "user-agent"),
        *("content-type", "content-length", "transfer-encoding", "anthropic-version"),
    )
)
_CONNECT_S = 10.0
"""A server that does not take a connection by then takes none; the answer may need longer."""
LONGEST_ANSWER = 8_000_000
_LONGEST_PACKED = 128_000
"""Bytes as they come.  None is asked to be packed; unpacked it may be a thousand times as long."""


def timeout(seconds: float) -> Timeout:
    """For a silent connection; what bounds the whole answer is the caller's deadline."""
    return Timeout(seconds, connect=min(_CONNECT_S, seconds))


def client_for(
    base_url: str, kind: type[AsyncClient], vendor: str, key: Mapping[str, str]
) -> AsyncClient:
    """A client for the vendor's domain or another server, with the headers that carry its key.

    It is the SDK's ``kind`` of client: it follows no redirection, and no answer fills the memory.

    On this machine one that heeds no proxy of the environment: a proxy could not
    reach what listens on loopback, and the SDKs' clients would ask it all the same.
    Elsewhere than at the vendor's it sends what the protocol needs and nothing that an
    SDK found in the environment: those may be names and keys of an account at the vendor's.
    """

    async def only_needed(request: Request) -> None:
        for name in {*request.headers} - _NEEDED:
            del request.headers[name]
        request.headers.update(key)

    is_local = _is_local(base_url)
    return (AsyncClient if is_local else kind)(
        trust_env=not is_local,
        follow_redirects=False,
        headers={"Accept-Encoding": "identity"},
        limits=Limits(max_connections=_CONNECTIONS, max_keepalive_connections=_CONNECTIONS),
        event_hooks={
            "request": [] if _is_of(vendor, base_url) else [only_needed],
            "response": [_bound],
        },
    )


def _is_of(vendor: str, base_url: str) -> bool:
    """Whether an address is the vendor's own, as an empty one is."""
    parts = urlsplit(base_url or f"https://{vendor}")
    host = parts.hostname or ""
    return parts.scheme == "https" and (host == vendor or host.endswith(f".{vendor}"))


class _Bounded(AsyncByteStream):
    """Another stream's bytes, as many as are allowed."""

    def __init__(self, stream: AsyncByteStream, most: int) -> None:
        self._stream, self._left = stream, most

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._stream:
            self._left -= len(chunk)
            if self._left < 0:
                raise RemoteProtocolError("The answer is longer than any that was asked for.")
            yield chunk

    async def aclose(self) -> None:
        """The other's as well."""
        await self._stream.aclose()


async def _bound(response: Response) -> None:
    if isinstance(response.stream, AsyncByteStream):
        packed = response.headers.get("content-encoding", "identity") != "identity"
        response.stream = _Bounded(response.stream, _LONGEST_PACKED if packed else LONGEST_ANSWER)


def _is_local(base_url: str) -> bool:
    host = urlsplit(base_url).hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
