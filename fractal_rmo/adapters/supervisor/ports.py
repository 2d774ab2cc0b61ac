"""Whether the ports that a cluster needs are free, asked before anything starts."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Collection, Mapping

from fractal_rmo.domain.errors import ErrorCode, InfrastructureError, SettingsError

#: Which setting gives the port of which process.
PORT_OF = {"web": "PORT", "flower": "FLOWER_PORT"}

_CONNECT_SECONDS = 1.0
_HIGHEST = 65535


def port_number(environment: Mapping[str, str], setting: str) -> int:
    """Return the port; raises ``SettingsError`` (BAD_SETTING) when it is no port number."""
    text = environment[setting]
    if not text.isdecimal() or not 0 < int(text) <= _HIGHEST:
        raise SettingsError(
            ErrorCode.BAD_SETTING, f"{setting} is {text!r}; a port is a number from 1 to 65535."
        )
    return int(text)


def require_free(names: Collection[str], environment: Mapping[str, str]) -> None:
    """Raise ``InfrastructureError`` (PORT_TAKEN) naming the port and the setting that moves it."""
    for process, setting in PORT_OF.items():
        if process in names:
            port = port_number(environment, setting)
            if not _is_free(port):
                raise InfrastructureError(
                    ErrorCode.PORT_TAKEN,
                    f"Port {port}, which '{process}' needs, is in use: set {setting} to another.",
                )


def _is_free(port: int) -> bool:
    with socket.socket() as tried:
        # without it, connections that ended a moment ago would count as use
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind(("", port))
        except OSError:
            return False
    return True


def accepts(port: int) -> bool:
    """Whether someone on this machine accepts a connection at the port."""
    with contextlib.suppress(OSError):
        socket.create_connection(("127.0.0.1", port), _CONNECT_SECONDS).close()
        return True
    return False
