"""A provider of language models with the whims of a real one, which writes down what it bills."""

from __future__ import annotations

import json
import random
import threading
import time
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from fractal_rmo.domain.model import Price, Usage

PRICE = Price(3.0, 15.0, 0.3, "this benchmark")
TIMEOUT_S = 0.5
"""Of who asks; what is slow takes twice as long."""


class Provider(ThreadingHTTPServer):
    """Speaks OpenAI's protocol with the whims of a real provider, and writes down what it bills."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, bill: Path, seed: int) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self._lock, self._bill = threading.Lock(), bill.open("a")
        self._chance = random.Random(seed)  # noqa: S311 - a schedule
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def draw(self, asked: dict[str, Any]) -> tuple[Whim, int, int]:
        """What becomes of a request, and its tokens in and out; billed unless it is turned away."""
        said = "".join(message["content"] for message in asked["messages"])
        run = said.partition(" ")[0]
        size = len(said.encode())
        with self._lock:
            whim = self._chance.choices([*Whim], OFTEN)[0]
            tokens_in = self._chance.randrange(size // 8, size // 3)
            tokens_out = self._chance.randrange(1, asked["max_tokens"] + 1)
            if whim not in (Whim.BUSY, Whim.ILL):
                dollars = PRICE.of(Usage(tokens_in, tokens_out))
                entry = {"run": run, "tokens": tokens_in + tokens_out, "dollars": dollars}
                print(json.dumps(entry), file=self._bill, flush=True)
        return whim, tokens_in, tokens_out

    def handle_error(self, request: object, client_address: object) -> None:
        """A caller that hangs up is no news."""


class Whim(StrEnum):
    """What a provider does."""

    GOOD = "a good answer"
    BUSY = "429"
    ILL = "500"
    CUT = "a connection that is cut"
    SLOW = "an answer that comes too late"
    BROKEN = "broken JSON"
    OTHER = "another document"
    UNCOUNTED = "no usage"
    LENGTH = "cut off"
    LENGTH_UNCOUNTED = "cut off, no usage"


OFTEN = (56, 8, 5, 5, 4, 8, 5, 4, 3, 2)
"""How often of a hundred times each whim."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Provider

    def do_POST(self) -> None:
        """One chat completion."""
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        whim, tokens_in, tokens_out = self.server.draw(asked)
        time.sleep(2 * TIMEOUT_S if whim is Whim.SLOW else 0.02)
        if whim in (Whim.BUSY, Whim.ILL):
            self._send(429 if whim is Whim.BUSY else 500, {"error": {"message": "later"}})
            return
        answer = completion(whim, tokens_in, tokens_out)
        self._send(200, answer, cut=whim is Whim.CUT)

    def _send(self, status: int, document: object, *, cut: bool = False) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.send_header("retry-after-ms", "300")
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if cut else body)
        self.close_connection = cut

    def log_message(self, *_: object) -> None:
        """Silent."""


def completion(whim: Whim, tokens_in: int, tokens_out: int) -> dict[str, object]:
    """The answer as OpenAI's protocol has it."""
    code = "x" * (tokens_out * 3)
    whole = json.dumps({"cod" if whim is Whim.OTHER else "code": code})
    usage = {
        "prompt_tokens": tokens_in,
        "completion_tokens": tokens_out,
        "total_tokens": tokens_in + tokens_out,
    }
    is_cut = whim in (Whim.LENGTH, Whim.LENGTH_UNCOUNTED)
    return {
        "id": "1",
        "object": "chat.completion",
        "created": 1,
        "model": "some-model",
        "choices": [
            {
                "index": 0,
                "finish_reason": "length" if is_cut else "stop",
                "message": {
                    "role": "assistant",
                    "content": whole[:-2] if whim is Whim.BROKEN or is_cut else whole,
                },
            }
        ],
        "usage": None if whim in (Whim.UNCOUNTED, Whim.LENGTH_UNCOUNTED) else usage,
    }
