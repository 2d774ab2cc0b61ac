"""The SDK's client of a server process, over stdio."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters
from mcp_types import CallToolResult

ROOT = Path(__file__).resolve().parents[2]

HELLO = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    },
}
"""What a client says first, where no SDK says it."""
Session = Callable[[Client], Awaitable[None]]


@asynccontextmanager
async def connected(
    mode: str = "auto", options: Sequence[str] = (), environment: Mapping[str, str] | None = None
) -> AsyncIterator[Client]:
    """A client of a server that was just started."""
    command = StdioServerParameters(
        command=sys.executable,
        args=["-m", "fractal_rmo.mcp_server", *options],
        env=dict(environment) if environment else None,
        cwd=ROOT,
    )
    async with Client(command, mode=mode) as client:
        yield client


def speak(
    session: Session,
    mode: str = "auto",
    options: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
) -> None:
    """Let ``session`` happen with a fresh server."""

    async def main() -> None:
        with anyio.fail_after(110):
            async with connected(mode, options, environment) as client:
                await session(client)

    # in a thread of its own: a browser's driver may keep a loop in this one
    with ThreadPoolExecutor(1) as thread:
        thread.submit(anyio.run, main).result()


def content(result: CallToolResult) -> dict[str, Any]:
    """The structured answer."""
    assert not result.is_error, result.content
    found = result.structured_content
    assert isinstance(found, dict)
    return found
