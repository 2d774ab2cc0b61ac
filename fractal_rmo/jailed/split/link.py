"""Requests and answers over the socket between the two jails, one frame each."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Mapping
from typing import Any

from fractal_rmo.jailed import channel
from fractal_rmo.jailed.split.mirror import Ask
from fractal_rmo.jailed.split.objects import CandidateGoneError

LARGEST = 32 << 20
"""Bytes of one answer."""


def open_link(descriptor: int) -> socket.socket:
    """The socket that this run was given."""
    return socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, 0, fileno=descriptor)


def answer_requests(sock: socket.socket, perform: Callable[[Mapping[str, Any]], Any]) -> None:
    """Perform what comes, until the tests' side is gone."""
    while (frame := channel.receive_frame(sock)) is not None:
        channel.send_frame(sock, json.dumps(perform(json.loads(frame))).encode())


def asking(sock: socket.socket) -> Ask:
    """What sends a request and returns the answer; raises ``CandidateGoneError``."""
    send, receive, load, dump = channel.send_frame, channel.receive_frame, json.loads, json.dumps

    def ask(request: dict[str, Any]) -> dict[str, Any]:
        try:
            send(sock, dump(request).encode())
            frame = receive(sock)
            answer = None if frame is None or len(frame) > LARGEST else load(frame)
        except (OSError, ValueError, RecursionError) as error:
            raise CandidateGoneError(str(error)) from None
        if not isinstance(answer, dict):
            raise CandidateGoneError("the code's process has ended")
        return answer

    return ask
