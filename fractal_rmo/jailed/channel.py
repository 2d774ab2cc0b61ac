"""Length-prefixed frames over a stream socket, and one file descriptor beside them."""

from __future__ import annotations

import array
import json
import socket
import struct
from collections.abc import Mapping
from typing import Any

_LENGTH = struct.Struct("!I")


def send_frame(sock: socket.socket, body: bytes) -> None:
    """Send one frame of at most 4 GiB."""
    sock.sendall(_LENGTH.pack(len(body)) + body)


def send_json(sock: socket.socket, message: Mapping[str, Any]) -> None:
    """Send one frame that holds a JSON object."""
    send_frame(sock, json.dumps(message).encode())


def receive_frame(sock: socket.socket, largest: int = 1 << 32) -> bytes | None:
    """The next frame; None when the other side is gone, or says more than ``largest`` bytes."""
    head = _exactly(sock, _LENGTH.size)
    size = _LENGTH.unpack(head)[0] if head else 0
    return None if head is None or size > largest else _exactly(sock, size)


def send_fd(sock: socket.socket, descriptor: int) -> None:
    """Hand over one descriptor."""
    sock.sendmsg([b"o"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [descriptor]))])


def receive_fd(sock: socket.socket) -> tuple[bytes, int] | None:
    """One short message of at most 4,096 bytes with one descriptor; None at the end."""
    room = socket.CMSG_SPACE(array.array("i").itemsize)
    body, extra, _, _ = sock.recvmsg(4096, room)
    if not body:
        return None
    descriptors = array.array("i")
    for _, _, data in extra:
        descriptors.frombytes(data[: len(data) - len(data) % descriptors.itemsize])
    return body, (descriptors[0] if descriptors else -1)


def _exactly(sock: socket.socket, size: int) -> bytes | None:
    parts = bytearray()
    while len(parts) < size:
        try:
            part = sock.recv(min(size - len(parts), 1 << 20))
        except ConnectionError:
            return None
        if not part:
            return None
        parts += part
    return bytes(parts)
