"""The system calls a run may not make, as a seccomp filter in classic BPF.

A filter refuses by list: what is not named is allowed, so honest programs keep
working, and calls younger than the list do not exist.  Rules without a test
cost nothing for other calls: the kernel remembers which numbers it always allows.
"""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from errno import ENOSYS, EPERM

from fractal_rmo.jailed import kernel
from fractal_rmo.jailed.syscalls import HIGHEST, Machine, this_machine

_LOAD, _AND, _JUMP_EQUAL, _JUMP_AT_LEAST, _RETURN = 0x20, 0x54, 0x15, 0x35, 0x06
_NUMBER_AT, _ARCH_AT, _ARGUMENTS_AT = 0, 4, 16
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000
_MODE_FILTER = 2
_LOW_HALF = 0xFFFFFFFF

_AF_UNIX, _AF_INET, _AF_INET6, _AF_NETLINK = 1, 2, 10, 16
_SOCK_DGRAM, _SOCK_TYPE = 2, 0xF
_CLONE_NEW = 0x7E020000 | 0x02000000  # NS, CGROUP, UTS, IPC, USER, PID, NET
_TIOCSTI, _TIOCLINUX = 0x5412, 0x541C
_O_TRUNC, _O_ACCMODE = 0x200, 0x3


@dataclass(frozen=True)
class Condition:
    """Whether half of an argument, under ``mask``, equals ``value`` (or, turned, does not)."""

    argument: int
    value: int
    mask: int = _LOW_HALF
    equal: bool = True
    upper: bool = False


@dataclass(frozen=True)
class Rule:
    """Refuse a call where all tests hold.  ``error`` 0 says "done" and does nothing."""

    call: str
    tests: tuple[Condition, ...] = ()
    error: int = EPERM


def _other_than(argument: int, *values: int) -> tuple[Condition, ...]:
    return tuple(Condition(argument, value, equal=False) for value in values)


def _each(names: str, *tests: Condition, error: int = EPERM) -> tuple[Rule, ...]:
    return tuple(Rule(name, tests, error) for name in names.split())


BASE = (
    # other processes
    *_each("ptrace process_vm_readv process_vm_writev process_madvise process_mrelease"),
    *_each("pidfd_getfd kcmp move_pages migrate_pages"),
    *_each("prlimit64 sched_setaffinity sched_setscheduler", *_other_than(0, 0)),
    *_each("sched_setparam sched_setattr", *_other_than(0, 0)),
    *_each("setpriority", *_other_than(0, 0)),
    *_each("setpriority", *_other_than(1, 0)),
    *_each("ioprio_set"),
    # namespaces and mounts; glibc goes back to clone when there is no clone3
    *_each("unshare setns chroot pivot_root mount umount2 mount_setattr move_mount open_tree"),
    *_each("open_tree_attr fsopen fsconfig fsmount fspick statmount listmount"),
    Rule("clone", (Condition(0, 0, mask=_CLONE_NEW, equal=False),)),
    Rule("clone3", (), ENOSYS),
    # the kernel itself, and the parts of it that are attacked most
    *_each("kexec_load kexec_file_load init_module finit_module delete_module create_module"),
    *_each("query_module get_kernel_syms reboot swapon swapoff acct quotactl quotactl_fd syslog"),
    *_each("bpf perf_event_open userfaultfd io_uring_setup io_uring_enter io_uring_register"),
    *_each("add_key request_key keyctl lookup_dcookie nfsservctl uselib ustat sysfs _sysctl"),
    *_each("iopl ioperm modify_ldt personality vhangup sethostname setdomainname"),
    *_each("settimeofday clock_settime clock_adjtime adjtimex"),
    *_each("mbind set_mempolicy set_mempolicy_home_node"),
    *_each("open_by_handle_at name_to_handle_at fanotify_init fanotify_mark"),
    *_each("ioctl", Condition(1, _TIOCSTI)),
    *_each("ioctl", Condition(1, _TIOCLINUX)),
    # memory that no process is seen to hold, and that outlives its maker
    *_each("memfd_create memfd_secret shmget shmat semget msgget mq_open"),
    Rule("prctl", (Condition(0, kernel.PR_SET_DUMPABLE),)),  # would hide its memory from the watch
)
"""Refused in every jail."""

OWN_NETWORK = (
    # of the rest, some reach beyond a network namespace (vsock) and all are rarely reviewed
    Rule("socket", _other_than(0, _AF_UNIX, _AF_INET, _AF_INET6, _AF_NETLINK)),
)
"""Where the run has a network of its own, with nothing but itself on it."""

NO_NETWORK = (
    *_each("socket connect bind listen accept accept4"),
    Rule("socketpair", (Condition(0, _AF_UNIX, equal=False),)),
    # a datagram socket may name another receiver with every message
    Rule("socketpair", (Condition(1, _SOCK_DGRAM, mask=_SOCK_TYPE),)),
    Rule("sendto", (Condition(4, 0, equal=False),)),
    Rule("sendto", (Condition(4, 0, equal=False, upper=True),)),
    *_each("inotify_init inotify_init1 inotify_add_watch"),  # would tell names of hidden files
)
"""Where the run shares the host's network: pairs of sockets only."""

SAME_USER = (
    # Landlock does not know these.  A copied file's mode matters to hardly any
    # test, and a refusal would break shutil.copy: they are taken and not performed.
    *_each("chmod fchmod fchmodat fchmodat2 utime utimes futimesat utimensat", error=0),
    *_each("chown fchown lchown fchownat file_setattr"),
    *_each("setxattr lsetxattr fsetxattr setxattrat"),
    *_each("removexattr lremovexattr fremovexattr removexattrat"),
)
"""Where the run has the host's user, whose files' modes it could change."""

NO_TRUNCATION = (
    *_each("truncate"),
    Rule("open", (Condition(1, _O_TRUNC, mask=_O_TRUNC | _O_ACCMODE),)),
    Rule("openat", (Condition(2, _O_TRUNC, mask=_O_TRUNC | _O_ACCMODE),)),
    Rule("openat2", (), ENOSYS),
)
"""Where Landlock cannot keep a file that may be read from being cut off."""


def own_signals_only(pid: int) -> tuple[Rule, ...]:
    """Where no kernel part keeps signals inside the jail: a process may signal itself only.

    Honest code pays: it cannot end a child that it started.
    """
    return (
        *_each("kill", *_other_than(0, 0, pid)),
        *_each("tgkill", *_other_than(0, pid)),
        *_each("tkill pidfd_send_signal rt_sigqueueinfo rt_tgsigqueueinfo"),
    )


Instruction = tuple[int, int, int, int]


def assemble(rules: Iterable[Rule], machine: Machine) -> bytes:
    """The program for ``rules``, as the kernel reads it."""
    grouped: dict[int, list[Rule]] = {}
    for rule in rules:
        grouped.setdefault(machine.number(rule.call), []).append(rule)
    grouped.pop(-1, None)
    code: list[Instruction] = [
        (_LOAD, 0, 0, _ARCH_AT),
        (_JUMP_EQUAL, 1, 0, machine.audit_arch),
        (_RETURN, 0, 0, _REFUSE | EPERM),  # 32-bit calls have numbers of their own
        (_LOAD, 0, 0, _NUMBER_AT),
        (_JUMP_AT_LEAST, 0, 1, HIGHEST + 1),  # younger than this list, or x32
        (_RETURN, 0, 0, _REFUSE | ENOSYS),
    ]
    for number, group in grouped.items():
        block = list(_block(group))
        code += [(_JUMP_EQUAL, 0, len(block), number), *block]
    code.append((_RETURN, 0, 0, _ALLOW))
    return b"".join(struct.pack("HBBI", *instruction) for instruction in code)


def _block(rules: Iterable[Rule]) -> Iterator[Instruction]:
    """What happens once the number is known: the first rule whose tests hold decides."""
    for rule in rules:
        code: list[Instruction] = [(_RETURN, 0, 0, _REFUSE | rule.error)]
        for test in reversed(rule.tests):
            out = len(code)
            jumps = (0, out) if test.equal else (out, 0)
            place = _ARGUMENTS_AT + 8 * test.argument + 4 * test.upper
            code = [
                (_LOAD, 0, 0, place),
                (_AND, 0, 0, test.mask),
                (_JUMP_EQUAL, *jumps, test.value),
                *code,
            ]
        yield from code
        if not rule.tests:
            return
    yield (_RETURN, 0, 0, _ALLOW)


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def install(program: bytes) -> None:
    """Put this process and all it will start under ``program``, for good.

    Privileges must have been given up before (PR_SET_NO_NEW_PRIVS).
    """
    described = _Program(len(program) // 8, program)
    kernel.prctl(kernel.PR_SET_SECCOMP, _MODE_FILTER, ctypes.addressof(described))


def assembled(*rules: Rule) -> bytes:
    """The program for this machine; raises ``OSError`` for a machine that is not known."""
    return assemble(rules, this_machine())
