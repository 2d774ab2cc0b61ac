"""The host's half of the framing that zygotes speak (the jailed half cannot be imported here)."""

from __future__ import annotations

import array
import json
import select
import socket
import struct
import time
from collections.abc import Callable, Mapping

from fractal_rmo.domain.jsonvalue import Json

_LENGTH = struct.Struct("!I")
_LARGEST = 64 << 20
_LOOK_EVERY_MS = 100


class PeerGoneError(Exception):
    """The other side closed, died, or did not answer in time."""


def check_alive(sock: socket.socket) -> None:
    """Raise ``PeerGoneError`` when the other side has closed."""
    poll = select.poll()
    poll.register(sock, select.POLLRDHUP)
    if poll.poll(0):
        raise PeerGoneError("the connection was closed")


def send_json(sock: socket.socket, message: Mapping[str, Json]) -> None:
    """Send one JSON object; raises ``PeerGoneError``."""
    body = json.dumps(message).encode()
    try:
        sock.settimeout(30)
        sock.sendall(_LENGTH.pack(len(body)) + body)
    except OSError as error:
        raise PeerGoneError(str(error)) from error


def send_fd(sock: socket.socket, fd: int) -> None:
    """Hand over one descriptor; raises ``PeerGoneError``."""
    try:
        sock.sendmsg([b"o"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [fd]))])
    except OSError as error:
        raise PeerGoneError(str(error)) from error


def await_answer(sock: socket.socket, timeout_s: float, stop: Callable[[], bool]) -> bool:
    """Wait for something to receive, or for the time to be over; False once ``stop`` says so."""
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    until = time.monotonic() + timeout_s
    while not stop():
        if poll.poll(_LOOK_EVERY_MS) or time.monotonic() > until:
            return True
    return False


def receive_frame(sock: socket.socket, timeout_s: float) -> bytes:
    """The next frame; raises ``PeerGoneError`` when it is not complete in ``timeout_s``."""
    until = time.monotonic() + timeout_s
    size = _LENGTH.unpack(_exactly(sock, _LENGTH.size, until))[0]
    if size > _LARGEST:
        raise PeerGoneError(f"a frame of {size:,} bytes is refused")
    return _exactly(sock, size, until)


def receive_json(sock: socket.socket, timeout_s: float) -> dict[str, Json]:
    """The next frame as a JSON object; raises ``PeerGoneError``."""
    message = json.loads(receive_frame(sock, timeout_s))
    if not isinstance(message, dict):
        raise PeerGoneError("a frame holds no JSON object")
    return message


def _exactly(sock: socket.socket, size: int, until: float) -> bytes:
    parts = bytearray()
    while len(parts) < size:
        left = until - time.monotonic()
        if left <= 0:
            raise PeerGoneError("no answer in time")
        sock.settimeout(left)
        try:
            part = sock.recv(min(size - len(parts), 1 << 20))
        except OSError as error:
            raise PeerGoneError(str(error) or "no answer in time") from error
        if not part:
            raise PeerGoneError("the connection was closed")
        parts += part
    return bytes(parts)
