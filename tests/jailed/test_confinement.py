"""The filter and the ruleset: what they hold, and what the kernel then does."""

from __future__ import annotations

import struct
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from fractal_rmo.jailed import landlock, seccomp
from fractal_rmo.jailed.confine import Confinement, Tier
from fractal_rmo.jailed.seccomp import BASE, NO_NETWORK, OWN_NETWORK, Condition, Rule, assemble
from fractal_rmo.jailed.syscalls import HIGHEST, MACHINES, Machine

ROOT = Path(__file__).resolve().parents[2]
ALLOW, REFUSE, UNKNOWN = 0x7FFF0000, 0x00050001, 0x00050000 | 38
EVERY = (*BASE, *OWN_NETWORK, *NO_NETWORK, *seccomp.SAME_USER, *seccomp.NO_TRUNCATION)


def verdict(program: bytes, number: int, arch: int, *arguments: int) -> int:
    """What the kernel's machine would answer: the instructions that the filter uses."""
    data = struct.pack("<iIQ6Q", number, arch, 0, *arguments, *[0] * (6 - len(arguments)))
    code = list(struct.iter_unpack("HBBI", program))
    at, value = 0, 0
    while True:
        operation, yes, no, k = code[at]
        at += 1
        if operation == 0x06:
            return int(k)
        if operation == 0x20:
            value = struct.unpack_from("<I", data, k)[0]
        elif operation == 0x54:
            value &= k
        else:
            holds = value == k if operation == 0x15 else value >= k
            at += yes if holds else no


@pytest.fixture(params=list(MACHINES.values()), ids=list(MACHINES))
def machine(request: pytest.FixtureRequest) -> Machine:
    found: Machine = request.param
    return found


def test_every_rule_names_a_known_call_and_every_jump_fits(machine: Machine) -> None:
    program = assemble(EVERY, machine)
    assert len(program) % 8 == 0
    assert len(program) // 8 <= 4096  # the kernel's longest
    for rule in EVERY:
        number = machine.number(rule.call)
        assert -1 <= number <= HIGHEST


def test_unconditional_rules_refuse_and_others_are_allowed(machine: Machine) -> None:
    program = assemble(BASE, machine)
    named = {machine.number(rule.call) for rule in BASE}
    for rule in BASE:
        number = machine.number(rule.call)
        if number >= 0 and not rule.tests:
            assert verdict(program, number, machine.audit_arch) == 0x00050000 | rule.error
    for number in set(range(HIGHEST + 1)) - named:
        assert verdict(program, number, machine.audit_arch) == ALLOW


def test_foreign_numbers_are_refused(machine: Machine) -> None:
    program = assemble(BASE, machine)
    read = 0
    assert verdict(program, read, 0x40000003) == REFUSE  # 32-bit x86
    assert verdict(program, HIGHEST + 1, machine.audit_arch) == UNKNOWN
    assert verdict(program, 0x40000000 | read, machine.audit_arch) == UNKNOWN  # x32


@pytest.mark.parametrize(
    ("call", "arguments", "expected"),
    [
        ("clone", (17,), ALLOW),
        ("clone", (0x10000000 | 17,), REFUSE),
        ("clone3", (0,), UNKNOWN),
        ("prlimit64", (0,), ALLOW),
        ("prlimit64", (1,), REFUSE),
        ("prctl", (38,), ALLOW),
        ("prctl", (4, 0), REFUSE),
        ("ioctl", (0, 0x5401), ALLOW),
        ("ioctl", (0, 0x5412), REFUSE),
        ("ioctl", (0, (7 << 32) | 0x5412), REFUSE),
        ("socketpair", (1, 1), ALLOW),
        ("socketpair", (1, 1 | 0x80000), ALLOW),
        ("socketpair", (1, 2 | 0x80000), REFUSE),
        ("socketpair", (2, 1), REFUSE),
        ("sendto", (3, 0, 0, 0, 0), ALLOW),
        ("sendto", (3, 0, 0, 0, 16), REFUSE),
        ("sendto", (3, 0, 0, 0, 1 << 40), REFUSE),
        ("socket", (1, 1), REFUSE),
        ("setpriority", (0, 0), ALLOW),
        ("setpriority", (2, 0), REFUSE),
        ("setpriority", (0, 9), REFUSE),
    ],
)
def test_arguments_decide(
    machine: Machine, call: str, arguments: tuple[int, ...], expected: int
) -> None:
    program = assemble((*BASE, *NO_NETWORK), machine)
    assert verdict(program, machine.number(call), machine.audit_arch, *arguments) == expected


def test_a_call_that_is_taken_and_not_performed_returns_success(machine: Machine) -> None:
    program = assemble(seccomp.SAME_USER, machine)
    assert verdict(program, machine.number("fchmod"), machine.audit_arch) == 0x00050000


def test_signals_only_to_oneself(machine: Machine) -> None:
    program = assemble(seccomp.own_signals_only(77), machine)
    for pid, expected in ((77, ALLOW), (0, ALLOW), (78, REFUSE), (0xFFFFFFFF, REFUSE)):
        assert verdict(program, machine.number("kill"), machine.audit_arch, pid) == expected


def test_upper_halves_are_looked_at(machine: Machine) -> None:
    rule = Rule("sendto", (Condition(4, 5, upper=True),))
    program = assemble([rule], machine)
    number = machine.number("sendto")
    assert verdict(program, number, machine.audit_arch, 0, 0, 0, 0, 5 << 32) == REFUSE
    assert verdict(program, number, machine.audit_arch, 0, 0, 0, 0, 5) == ALLOW


@pytest.mark.parametrize(
    ("abi", "files", "network", "scopes", "size"),
    [
        (1, 0x1FFF, 0, 0, 8),
        (2, 0x3FFF, 0, 0, 8),
        (3, 0x7FFF, 0, 0, 8),
        (4, 0x7FFF, 3, 0, 16),
        (5, 0xFFFF, 3, 0, 16),
        (6, 0xFFFF, 3, 3, 24),
        (99, 0xFFFF, 3, 3, 24),
    ],
)
def test_each_version_is_asked_for_all_that_it_knows(
    abi: int, files: int, network: int, scopes: int, size: int
) -> None:
    rules = landlock.handled(abi)
    assert (rules.files, rules.network, rules.scopes) == (files, network, scopes)
    assert len(rules.attribute()) == size
    assert landlock.handled(abi, network=False).network == 0


def test_a_kernel_without_landlock_is_refused_with_what_it_needs() -> None:
    with pytest.raises(OSError, match=r"Linux 5\.13 or later.*lsm="):
        Confinement(Tier.LANDLOCK, abi=0).check()


needs_landlock = pytest.mark.skipif(not landlock.version(), reason="this kernel has no Landlock")


def confined(body: str, box: Path, abi: int) -> str:
    """What a process prints that confined itself as the user of the host would be."""
    program = f"""
import os, sys
from pathlib import Path
from fractal_rmo.jailed import kernel
from fractal_rmo.jailed.confine import Confinement, Tier
box = Path({str(box)!r})
visible = ["/usr", "/lib", "/lib64", "/bin", sys.base_prefix, sys.prefix]
kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
Confinement(Tier.LANDLOCK, visible, own_user=False, abi={abi}).check().apply(box)
os.chdir(box)
def refused(what, *arguments):
    try:
        what(*arguments)
    except OSError:
        return
    raise AssertionError(what)
{textwrap.dedent(body)}
print("done")
"""
    # Without the host's environment, as in the jail; with it, coverage would be started there.
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() + done.stderr.strip()


@needs_landlock
@pytest.mark.parametrize("abi", sorted({1, 2, 3, 4, 5, 6} & set(range(landlock.version() + 1))))
def test_on_each_version_the_host_user_changes_nothing_outside(abi: int, tmp_path: Path) -> None:
    box, outside = tmp_path / "box", tmp_path / "outside"
    box.mkdir()
    outside.write_text("kept")
    outside.chmod(0o640)
    body = f"""
    outside = {str(outside)!r}
    for mode in ("r", "w", "a", "r+"):
        refused(open, outside, mode)
    refused(os.truncate, outside, 0)
    refused(os.open, outside, os.O_RDONLY | os.O_TRUNC)
    refused(os.unlink, outside)
    refused(os.rename, outside, "stolen")
    refused(os.link, outside, "stolen")
    refused(os.listdir, "/etc")
    os.chmod(outside, 0)
    os.utime(outside, (1, 1))
    refused(os.kill, os.getppid(), 0)
    refused(os.setpriority, os.PRIO_USER, 0, 19)
    import shutil, subprocess
    Path("a").write_text("x")
    shutil.copy2("a", "b")
    assert subprocess.run(["/bin/cat", "b"], capture_output=True).stdout == b"x"
    """
    before = outside.stat()
    assert confined(body, box, abi) == "done"
    after = outside.stat()
    assert (after.st_mode, after.st_mtime, after.st_size) == (
        before.st_mode,
        before.st_mtime,
        before.st_size,
    )


@needs_landlock
def test_a_child_can_be_ended_where_the_kernel_scopes_signals(tmp_path: Path) -> None:
    if landlock.version() < landlock.ABI_SCOPES:
        pytest.skip("this kernel scopes no signals")
    body = """
    import subprocess
    child = subprocess.Popen(["/bin/sleep", "30"])
    child.kill()
    assert child.wait() == -9
    """
    assert confined(body, tmp_path, landlock.version()) == "done"


def test_the_filter_is_obeyed_by_this_kernel() -> None:
    program = """
import ctypes, os
from fractal_rmo.jailed import kernel, seccomp
from fractal_rmo.jailed.syscalls import this_machine
kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
machine = this_machine()
numbers = {machine.number(r.call) for r in seccomp.BASE if not r.tests} - {-1}
seccomp.install(seccomp.assembled(*seccomp.BASE, *seccomp.OWN_NETWORK))
libc = ctypes.CDLL(None, use_errno=True)
for number in numbers:
    assert libc.syscall(ctypes.c_long(number), 0, 0, 0, 0, 0, 0) == -1, number
    assert ctypes.get_errno() in (1, 38), (number, ctypes.get_errno())
assert libc.syscall(ctypes.c_long(471), 0) == -1 and ctypes.get_errno() == 38
import asyncio, multiprocessing, socket, subprocess, threading
asyncio.run(asyncio.sleep(0))
threading.Thread(target=print).start()
assert subprocess.run(["/bin/true"]).returncode == 0
process = multiprocessing.Process(target=print)
process.start(); process.join()
assert process.exitcode == 0
socket.create_server(("127.0.0.1", 0)).close()
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
