"""How other agents reach this installation."""

from __future__ import annotations

import json
import os
import sys
from importlib.util import find_spec
from typing import NoReturn

import click

from fractal_rmo.domain.errors import ErrorCode, SettingsError

_MODULE = "fractal_rmo.mcp_server"
_FILES = {
    "claude": ("claude_desktop_config.json, or .mcp.json of a project", "mcpServers"),
    "cursor": (".cursor/mcp.json", "mcpServers"),
    "vscode": (".vscode/mcp.json", "servers"),
}
_cluster = click.option("--cluster", is_flag=True, help="Offer the cluster's tools as well.")


@click.group()
def mcp() -> None:
    """Let other agents have their code proven, over MCP."""


@mcp.command()
@_cluster
def serve(cluster: bool) -> NoReturn:
    """Serve one client over stdin and stdout until it hangs up."""
    os.execv(sys.executable, [sys.executable, *_arguments(cluster)])  # noqa: S606 - takes our place


@mcp.command()
@click.argument("client", type=click.Choice(list(_FILES)))
@_cluster
def config(client: str, cluster: bool) -> None:
    """Print what to paste into a CLIENT's configuration."""
    file, section = _FILES[client]
    entry = {"command": sys.executable, "args": _arguments(cluster)}
    if client == "vscode":
        entry = {"type": "stdio", **entry}
    click.echo(json.dumps({section: {"fractal-rmo": entry}}, indent=2))
    click.echo(f"paste this into {file}", err=True)


def _arguments(cluster: bool) -> list[str]:
    if not find_spec("mcp"):
        raise SettingsError(ErrorCode.NEEDS_MCP)
    return ["-m", _MODULE, *(["--cluster"] if cluster else [])]


COMMANDS = {"mcp": mcp}
