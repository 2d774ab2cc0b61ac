"""A person stands in for the language model, or any program that reads and writes lines.

    python examples/stand_in.py 8099
    OPENAI_BASE_URL=http://127.0.0.1:8099/v1 OPENAI_FREE=true OPENAI_TIMEOUT_S=280 fractal-rmo ...

Each question is printed; the answer is one JSON document, ended by an empty line. Questions that
come together are printed one after another, each once the one before it is answered.
"""

from __future__ import annotations

import json
import socket
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

ONE_AT_A_TIME = threading.Lock()


def typed() -> str:
    """Lines of stdin up to an empty one."""
    lines = []
    for line in sys.stdin:
        if not line.strip():
            break
        lines.append(line)
    return "".join(lines)


class Person(BaseHTTPRequestHandler):
    """Speaks as much of OpenAI's chat completions as a question and its answer need."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:  # noqa: N802 - the name that the base class calls
        """Print the question, wait for the answer."""
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with ONE_AT_A_TIME:
            if self._has_hung_up():
                return
            for message in asked["messages"]:
                print(f"--- {message['role']}\n{message['content']}")
            print("--- your answer, then an empty line", flush=True)
            text = typed()
        try:
            self._reply(asked["model"], text, streamed=bool(asked.get("stream")))
        except ConnectionError:
            print("--- too late: nobody waits for this answer any more", flush=True)

    def _has_hung_up(self) -> bool:
        """Whether who asked gave up while other questions were answered."""
        self.connection.setblocking(False)
        try:
            return not self.connection.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return False
        except ConnectionError:
            return True
        finally:
            self.connection.setblocking(True)

    def _reply(self, model: str, text: str, *, streamed: bool) -> None:
        message = {"role": "assistant", "content": text}
        document: dict[str, Any] = {
            "id": "by-hand",
            "object": "chat.completion.chunk" if streamed else "chat.completion",
            "created": int(time.time()),
            "model": model,
            "choices": [
                {"index": 0, "delta" if streamed else "message": message, "finish_reason": "stop"}
            ],
        }
        body = json.dumps(document)
        if streamed:  # the whole answer as the only piece
            body = f"data: {body}\n\ndata: [DONE]\n\n"
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream" if streamed else "application/json")
        self.send_header("Content-Length", str(len(body.encode())))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_words: object) -> None:
        """Nothing but questions is printed."""


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Person)
    print(f"questions come to http://127.0.0.1:{server.server_port}/v1", flush=True)
    server.serve_forever()
