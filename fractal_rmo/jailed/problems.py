"""What can stop a run from inside, beyond what its code raises."""

from __future__ import annotations


class OutOfMemory(Exception):  # noqa: N818 - names an ending, like the host's RunEnding
    """The interpreter itself ran out of address space; the message says where."""


class StepLimitExceeded(BaseException):
    """A test executed more lines of the code than it was given.

    Not an ``Exception``: ``except Exception`` in the code cannot swallow it.
    """


def is_real_exhaustion(error: BaseException | None) -> bool:
    """Whether this MemoryError comes from the interpreter: its own carry no message."""
    return isinstance(error, MemoryError) and not error.args
