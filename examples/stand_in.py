"""A person stands in for the language model, or any program that reads and writes lines.

    python examples/stand_in.py 8099
    OPENAI_BASE_URL=http://127.0.0.1:8099/v1 OPENAI_FREE=true OPENAI_TIMEOUT_S=280 fractal-rmo ...

Each question is printed; the answer is one JSON document, ended by an empty line.
"""

from __future__ import annotations

import json
import sys
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any


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
        for message in asked["messages"]:
            print(f"--- {message['role']}\n{message['content']}")
        print("--- your answer, then an empty line", flush=True)
        self._reply(asked["model"], typed())

    def _reply(self, model: str, text: str) -> None:
        message = {"role": "assistant", "content": text}
        document: dict[str, Any] = {
            "id": "by-hand",
            "object": "chat.completion",
            "created": int(time.time()),
            "model": model,
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        }
        body = json.dumps(document).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_words: object) -> None:
        """Nothing but questions is printed."""


if __name__ == "__main__":
    server = HTTPServer(("127.0.0.1", int(sys.argv[1])), Person)
    print(f"questions come to http://127.0.0.1:{server.server_port}/v1", flush=True)
    server.serve_forever()
