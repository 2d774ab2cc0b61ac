"""Reading a watched run into its ending.  Only an exact, marked result counts as completed."""

from __future__ import annotations

import json
import os
import signal

from fractal_rmo.jailed.limits import RunLimits
from fractal_rmo.jailed.places import BOX_MB, BOX_NAMES
from fractal_rmo.jailed.run_child import NONCE_BYTES
from fractal_rmo.jailed.watch import Watched

_KEYS = {"value": "completed", "out_of_memory": "out_of_memory", "fault": "crashed"}


def read_ending(seen: Watched, nonce: bytes, limits: RunLimits) -> tuple[str, str, bytes]:
    """(ending, one sentence, value as JSON bytes) of a run."""
    if seen.met is not None:
        return *seen.met, b""
    if os.WIFSIGNALED(seen.status):
        return *_killed(os.WTERMSIG(seen.status), seen, limits), b""
    body = _marked(bytes(seen.result), nonce)
    if body is None or os.WEXITSTATUS(seen.status) != 0:
        return "crashed", _without_result(seen), b""
    key = next((k for k in _KEYS if body.startswith(b'{"%s": ' % k.encode())), "fault")
    if key == "value":
        return "completed", _refused(body, limits), body[len(b'{"value": ') : -1]
    return _KEYS[key], str(json.loads(body)[key]), b""


def _refused(body: bytes, limits: RunLimits) -> str:
    """Which limit the run's own failures speak of: the kernel refuses these, and ends nothing."""
    marks = {
        b"[Errno 24] ": f"its limit of {limits.open_files} open files",
        b"[Errno 11] ": f"its limit of {limits.processes} processes",
        b"can't start new thread": f"its limit of {limits.processes} processes",
        b"[Errno 27] ": f"its limit of {limits.file_mb} MB for a file",
        b"[Errno 28] ": f"its limit of {BOX_MB} MB in {BOX_NAMES:,} files",
    }
    met = dict.fromkeys(words for mark, words in marks.items() if mark in body)
    return f"The run speaks of {', '.join(met)}." if met else ""


def _marked(result: bytes, nonce: bytes) -> bytes | None:
    """The body of exactly one frame under the right nonce, else None."""
    head, size = result[:NONCE_BYTES], result[NONCE_BYTES : NONCE_BYTES + 8]
    body = result[NONCE_BYTES + 8 :]
    genuine = head == nonce and len(body) == int.from_bytes(size, "big")
    return body if genuine else None


def _killed(number: int, seen: Watched, limits: RunLimits) -> tuple[str, str]:
    if number == signal.SIGXCPU or (number == signal.SIGKILL and seen.cpu_s >= limits.cpu_s):
        return "timed_out", f"The run used its limit of {limits.cpu_s} s of processor time."
    return "crashed", f"The run was ended by signal {number} ({signal.Signals(number).name})."


def _without_result(seen: Watched) -> str:
    if seen.result:
        return "Something other than the genuine result was written to the result channel."
    code = os.WEXITSTATUS(seen.status)
    return f"The process left with exit code {code} before it gave a result."
