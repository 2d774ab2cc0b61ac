"""Requests and answers over the socket between the two jails, one frame each."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any

from fractal_rmo.jailed import channel
from fractal_rmo.jailed.split.mirror import Ask, CallBack
from fractal_rmo.jailed.split.objects import CandidateGoneError
from fractal_rmo.jailed.split.serving import Server

LARGEST = 32 << 20
"""Bytes of one answer."""


def open_link(descriptor: int) -> socket.socket:
    """The socket that this run was given."""
    return socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, 0, fileno=descriptor)


def answer_requests(sock: socket.socket, server: Server) -> None:
    """Perform what comes, until the tests' side is gone."""
    turn = threading.RLock()  # who may use the link: a thread of the code only while it is asked

    def call_back(message: dict[str, Any]) -> Mapping[str, Any]:
        """Ask the tests' side while it waits, and perform what it asks meanwhile."""
        with turn:
            channel.send_json(sock, message)
            while (frame := channel.receive_frame(sock)) is not None:
                asked: dict[str, Any] = json.loads(frame)
                if "op" not in asked:
                    return asked
                channel.send_json(sock, server.perform(asked))
        raise SystemExit("the tests are over")

    server.serve_with(call_back)
    while (frame := _next_while_holding(turn, sock)) is not None:
        answer = server.perform(json.loads(frame))
        with turn:
            channel.send_json(sock, answer)


def _next_while_holding(turn: AbstractContextManager[Any], sock: socket.socket) -> bytes | None:
    with turn:
        return channel.receive_frame(sock)


def asking(sock: socket.socket) -> Ask:
    """What sends a request and returns the answer; raises ``CandidateGoneError``."""
    send, receive, load, dump = channel.send_frame, channel.receive_frame, json.loads, json.dumps

    def exchange(message: dict[str, Any]) -> dict[str, Any]:
        try:
            send(sock, dump(message).encode())
            frame = receive(sock, LARGEST)
            answer = None if frame is None else load(frame)
        except (OSError, ValueError, RecursionError) as error:
            raise CandidateGoneError(str(error)) from None
        if not isinstance(answer, dict):
            raise CandidateGoneError("the code's process has ended")
        return answer

    def ask(request: dict[str, Any], call_back: CallBack) -> dict[str, Any]:
        answer = exchange(request)
        while "callback" in answer:
            answer = exchange(call_back(answer))
        return answer

    return ask
