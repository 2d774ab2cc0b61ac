"""Becomes a supervised process that the kernel kills when its supervisor dies.

Run as a file: ``python launcher.py SUPERVISOR_PID PROGRAM [ARGUMENT ...]``.
A program of its own rather than a hook between fork and exec, because Python
code in that gap can hang when the supervisor has threads.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main(words: list[str]) -> None:
    """Tie this process to its supervisor, then turn into the program."""
    supervisor, program = int(words[0]), words[1:]
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != supervisor:
        sys.exit(1)  # it died before the tie was made, so the kernel would never tell
    os.execvp(program[0], program)  # noqa: S606 - the Procfile's own command


if __name__ == "__main__":
    main(sys.argv[1:])
