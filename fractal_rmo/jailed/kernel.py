"""The system calls that Python 3.11 does not offer, through the C library.

Numbers are those of x86-64 and aarch64, which agree for all that is used
here.  Every function raises ``OSError`` with the name of the call.
"""

from __future__ import annotations

import ctypes
import os
import resource
import struct
from collections.abc import Sequence
from typing import Any

NEW_NAMESPACES = 0x10000000 | 0x00020000 | 0x20000000 | 0x40000000 | 0x08000000 | 0x04000000
"""CLONE_NEW: USER, NS, PID, NET, IPC, UTS."""

MS_RDONLY, MS_NOSUID, MS_NODEV, MS_REMOUNT, MS_BIND = 1, 2, 4, 32, 4096
MS_REC, MS_PRIVATE = 16384, 1 << 18
MNT_DETACH = 2
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_CAPBSET_DROP = 1, 4, 24
PR_SET_KEEPCAPS, PR_SET_SECCOMP, PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS = 8, 22, 36, 38
CAP_DAC_READ_SEARCH = 2
_LAST_CAPABILITY = 63
_PR_CAP_AMBIENT, _AMBIENT_RAISE = 47, 2
_SYS_CLOSE_RANGE, _SYS_MOUNT_SETATTR = 436, 442
HIGHEST_FD = 1 << 31
"""Beyond every descriptor."""
_AT_RECURSIVE = 0x8000
_CAPABILITY_VERSION_3 = 0x20080522

_libc = ctypes.CDLL(None, use_errno=True)
# told once: making argument objects for each of forty calls is what a run would feel
_libc.prctl.argtypes = (ctypes.c_int, *[ctypes.c_ulong] * 4)


def _checked(result: int, what: str) -> None:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")


def unshare(flags: int) -> None:
    """Leave the namespaces that ``flags`` names."""
    _checked(_libc.unshare(ctypes.c_int(flags)), "unshare")


def mount(source: str, target: str, kind: str, flags: int, data: str = "") -> None:
    """Mount ``source`` on ``target``, as the call of that name does."""
    result = _libc.mount(
        source.encode(), target.encode(), kind.encode(), ctypes.c_ulong(flags), data.encode()
    )
    _checked(result, f"mount {kind or source} on {target}")


def unmount(target: str) -> None:
    """Detach what is mounted on ``target``, even when it is busy."""
    _checked(_libc.umount2(target.encode(), ctypes.c_int(MNT_DETACH)), f"unmount {target}")


def make_read_only(target: str) -> None:
    """Make a bind mount and all below it read-only, keeping the flags it has."""
    attributes = struct.pack("QQQQ", MS_RDONLY | MS_NOSUID, 0, 0, 0)
    result = _libc.syscall(
        ctypes.c_long(_SYS_MOUNT_SETATTR),
        ctypes.c_int(-100),
        target.encode(),
        ctypes.c_uint(_AT_RECURSIVE),
        attributes,
        ctypes.c_size_t(len(attributes)),
    )
    _checked(result, f"mount_setattr {target}")


def pivot_into(folder: str) -> None:
    """Make ``folder`` (a mount point) the root and let go of the old one."""
    os.chdir(folder)
    _checked(_libc.pivot_root(b".", b"."), "pivot_root")
    unmount(".")
    os.chdir("/")


def system_call(number: int, *arguments: Any) -> int:
    """A call for which the C library has no function; what it returns."""
    result: int = _libc.syscall(ctypes.c_long(number), *arguments)
    _checked(result, f"system call {number}")
    return result


def close_range(first: int, last: int) -> None:
    """Close the descriptors from ``first`` to ``last``, open or not."""
    if first > last:
        return
    unsigned = ctypes.c_uint
    result = _libc.syscall(
        ctypes.c_long(_SYS_CLOSE_RANGE), unsigned(first), unsigned(last), unsigned(0)
    )
    if result < 0:  # before Linux 5.9
        highest = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        os.closerange(first, min(last, highest) + 1)


def prctl(option: int, value: int, further: int = 0) -> None:
    """Set one attribute of the process."""
    if _libc.prctl(option, value, further, 0, 0) < 0:
        _checked(-1, f"prctl {option}")


def narrow_bounding_set_if_allowed(kept: Sequence[int]) -> None:
    """Drop every capability but ``kept`` from the bounding set, as far as this process may."""
    for capability in sorted(set(range(_LAST_CAPABILITY + 1)).difference(kept)):
        try:
            prctl(PR_CAPBSET_DROP, capability)
        except OSError:  # beyond the last that this kernel knows, or not ours to drop
            break


def set_capabilities(*kept: int) -> None:
    """Hold exactly the ``kept`` capabilities (numbers below 32), here and in what is executed.

    Else a run could read its interpreter's library, and an interpreter that it starts could not.
    """
    bits = sum(1 << capability for capability in kept)
    header = struct.pack("Ii", _CAPABILITY_VERSION_3, 0)
    data = struct.pack("IIIIII", bits, bits, bits, 0, 0, 0)
    _checked(_libc.capset(header, data), "capset")
    for capability in kept:
        prctl(_PR_CAP_AMBIENT, _AMBIENT_RAISE, capability)


def link_up_loopback() -> None:
    """Bring ``lo`` up in the present network namespace: honest tests bind to 127.0.0.1."""
    import fcntl
    import socket

    up_and_running = 0x1 | 0x40
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        fcntl.ioctl(sock, 0x8914, struct.pack("16sH14x", b"lo", up_and_running))
