"""Landlock: which files a process and its children may reach, without any privilege.

Constants and shapes are those of ``linux/landlock.h``.  What is handled is
forbidden unless a rule allows it; what a kernel cannot handle yet is left to
the filter of system calls.
"""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache

from fractal_rmo.jailed import kernel

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_ASK_VERSION = 1
_RULE_PATH_BENEATH = 1
_LOG_NOTHING = 1  # LANDLOCK_RESTRICT_SELF_LOG_SAME_EXEC_OFF

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
MAKE_CHAR, MAKE_BLOCK = 1 << 6, 1 << 11
REFER, TRUNCATE, IOCTL_DEV = 1 << 13, 1 << 14, 1 << 15
_FILES_OF_ABI = {1: REFER - 1, 2: TRUNCATE - 1, 3: IOCTL_DEV - 1, 5: (IOCTL_DEV << 1) - 1}
_OF_A_FILE = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV
_BIND_AND_CONNECT_TCP = 1 << 0 | 1 << 1
_ABSTRACT_SOCKETS, _SIGNALS = 1 << 0, 1 << 1

ABI_TRUNCATE, ABI_NETWORK, ABI_SCOPES, ABI_LOG = 3, 4, 6, 7
_DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")


@dataclass(frozen=True)
class Handled:
    """What one version of Landlock can forbid, as bits."""

    files: int
    network: int
    scopes: int
    log_flags: int

    def attribute(self) -> bytes:
        """``struct landlock_ruleset_attr``, as long as this version knows it."""
        parts = (self.files, self.network, self.scopes)
        known = 1 + (self.network > 0 or self.scopes > 0) + (self.scopes > 0)
        return struct.pack(f"{known}Q", *parts[:known])


def handled(abi: int, *, network: bool = True) -> Handled:
    """Everything that version ``abi`` can forbid; TCP only with ``network``."""
    return Handled(
        files=next(bits for least, bits in reversed(_FILES_OF_ABI.items()) if abi >= least),
        network=_BIND_AND_CONNECT_TCP if network and abi >= ABI_NETWORK else 0,
        scopes=_ABSTRACT_SOCKETS | _SIGNALS if abi >= ABI_SCOPES else 0,
        log_flags=_LOG_NOTHING if abi >= ABI_LOG else 0,
    )


@lru_cache(maxsize=1)
def version() -> int:
    """The version that this kernel offers; 0 when it has none or has it switched off."""
    with suppress(OSError):
        return kernel.system_call(_CREATE_RULESET, None, ctypes.c_size_t(0), _ASK_VERSION)
    return 0


def restrict(visible: Iterable[str], box: str, rules: Handled) -> None:
    """From now on: ``visible`` to read and execute, ``box`` to write, a few devices, itself.

    Of /proc only the entry of this very process is left.  Paths are opened
    while they still can be; one that is not there is left out.
    """
    attribute = rules.attribute()
    ruleset = kernel.system_call(
        _CREATE_RULESET, attribute, ctypes.c_size_t(len(attribute)), ctypes.c_uint(0)
    )
    readable = EXECUTE | READ_FILE | READ_DIR
    try:
        for path in visible:
            _allow(ruleset, path, readable & rules.files)
        _allow(ruleset, f"/proc/{os.getpid()}", (READ_FILE | READ_DIR) & rules.files)
        for path in _DEVICES:
            _allow(ruleset, path, (READ_FILE | WRITE_FILE | TRUNCATE) & rules.files)
        _allow(ruleset, box, rules.files & ~(MAKE_CHAR | MAKE_BLOCK | IOCTL_DEV))
        kernel.system_call(_RESTRICT_SELF, ctypes.c_int(ruleset), ctypes.c_uint(rules.log_flags))
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        beneath = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not os.path.isdir(path):  # noqa: PTH112 - on the way of every run
            rights &= _OF_A_FILE
        rule = struct.pack("=Qi", rights, beneath)
        kernel.system_call(
            _ADD_RULE, ctypes.c_int(ruleset), _RULE_PATH_BENEATH, rule, ctypes.c_uint(0)
        )
    finally:
        os.close(beneath)
