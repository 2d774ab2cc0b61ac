"""What each tier answers to each attack, as data.

An attack is a test's statements.  It says HELD when it got nowhere and ESCAPED
when it got through, by failing with that word; or it is ended by a limit.
``rlimits`` hides neither files nor the network nor other processes: for those
attacks it says nothing, and no production runs on it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from fractal_rmo.domain.run import Limits, RunEnding, Tier

HELD, ESCAPED = "held", "escaped"
Expected = RunEnding | str | None
"""An ending, or a word of the failure; None where a tier cannot hide what is attacked."""


@dataclass(frozen=True)
class Attack:
    """``consequence`` names the test.  ``differs`` holds the tiers that answer otherwise."""

    consequence: str
    body: str
    expected: Expected
    detail: str = ""
    limits: Limits = field(default_factory=lambda: Limits(wall_s=8.0))
    differs: Mapping[Tier, Expected] = field(default_factory=dict)

    def on(self, tier: Tier) -> Expected:
        """What this tier answers."""
        return self.differs.get(tier, self.expected)


TRY = """
def attempt(what):
    try:
        what()
    except (OSError, ValueError, AttributeError):
        return
    raise AssertionError('escaped')
"""
"""Put before a body: an attempt that does not fail has escaped."""

SYSCALL = """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
def refused(number, *arguments):
    done = libc.syscall(ctypes.c_long(number), *arguments)
    assert done == -1, 'escaped'
    assert ctypes.get_errno() in (1, 38), ctypes.get_errno()
"""
UNHIDDEN = {Tier.RLIMITS: None}
"""The attack is not even tried there: it might succeed."""
SHORT = Limits(wall_s=0.5)
SMALL = Limits(memory_mb=100, wall_s=8.0)
FAR_TOO_MUCH = RunEnding.TOO_MUCH_OUTPUT

RESOURCES = (
    Attack(
        "fork_bomb_is_capped",
        "import os, time\nfor _ in range(100):\n    if os.fork() == 0: time.sleep(30)",
        RunEnding.COMPLETED,
        "its limit of 16 processes",
        Limits(processes=16),
    ),
    Attack(
        "memory_bomb_is_out_of_memory",
        "x = []\nwhile True: x.append(bytearray(1 << 20))",
        RunEnding.OUT_OF_MEMORY,
        "100 MB",
        SMALL,
    ),
    Attack(
        "two_children_below_the_limit_are_out_of_memory_together",
        "import os, time\nfor _ in range(2):\n"
        "    if os.fork() == 0:\n        x = b'x' * (80 << 20)\n        time.sleep(30)\n"
        "time.sleep(30)",
        RunEnding.OUT_OF_MEMORY,
        "100 MB",
        SMALL,
    ),
    Attack(
        "children_that_print_all_the_time_are_still_weighed",
        "import os, time\nfor _ in range(2):\n"
        "    if os.fork() == 0:\n        x = b'x' * (80 << 20)\n        time.sleep(30)\n"
        "while True: print('.', end='', flush=True); time.sleep(0.02)",
        RunEnding.OUT_OF_MEMORY,
        "100 MB",
        SMALL,
    ),
    Attack(
        "shared_memory_of_children_counts",
        "import mmap, os, time\nfor _ in range(2):\n    if os.fork() == 0:\n"
        "        m = mmap.mmap(-1, 80 << 20)\n"
        "        for _ in range(80 << 8): m.write(b'x' * 4096)\n"
        "        time.sleep(30)\n"
        "time.sleep(30)",
        RunEnding.OUT_OF_MEMORY,
        "100 MB",
        SMALL,
    ),
    Attack(
        "memory_without_a_process_cannot_be_had",
        "import os\ntry: os.memfd_create('x')\nexcept OSError: raise AssertionError('held')\n"
        "raise AssertionError('escaped')",
        HELD,
        differs=UNHIDDEN,
    ),
    Attack(
        "subprocess_pool_over_the_cap_is_refused",
        "import subprocess\nkept = [subprocess.Popen(['/bin/sleep', '30']) for _ in range(60)]",
        RunEnding.COMPLETED,
        "its limit of 16 processes",
        Limits(processes=16, open_files=512),
    ),
    Attack("endless_loop_is_timed_out", "while True: pass", RunEnding.TIMED_OUT, "0.5 s", SHORT),
    Attack(
        "sleep_beyond_the_limit_is_timed_out",
        "import time\ntime.sleep(60)",
        RunEnding.TIMED_OUT,
        "0.5 s",
        SHORT,
    ),
    Attack("a_large_power_is_timed_out", "x = 9**9**9", RunEnding.TIMED_OUT, "0.5 s", SHORT),
    Attack(
        "a_regular_expression_that_backtracks_is_timed_out",
        "import re\nre.match('(a+)+$', 'a' * 50 + 'b')",
        RunEnding.TIMED_OUT,
        "0.5 s",
        SHORT,
    ),
    Attack(
        "processor_time_is_limited",
        "while True: pass",
        RunEnding.TIMED_OUT,
        "1 s of processor time",
        Limits(wall_s=20, cpu_s=1),
    ),
    Attack(
        "output_flood_is_stopped",
        "import os\nwhile True: os.write(1, b'x' * 1000)",
        FAR_TOO_MUCH,
        "64 KB",
        Limits(output_kb=64),
    ),
    Attack(
        "one_large_file_is_refused",
        "with open('f', 'wb') as f:\n    while True: f.write(bytes(1 << 20))",
        RunEnding.COMPLETED,
        "its limit of 4 MB for a file",
        Limits(file_mb=4),
    ),
    Attack(
        "many_files_do_not_fill_the_disk",
        "import time\nfor n in range(40):\n"
        "    with open(str(n), 'wb') as f: f.write(bytes(4 << 20))\n"
        "time.sleep(5)",
        FAR_TOO_MUCH,
        "64 MB",
        differs={Tier.NAMESPACES: RunEnding.COMPLETED},
    ),
    Attack(
        "deleted_files_that_are_open_count",
        "import os, time\nkept = []\nfor n in range(40):\n    kept.append(open('f', 'wb'))\n"
        "    os.unlink('f'); kept[-1].write(bytes(4 << 20)); kept[-1].flush()\n"
        "time.sleep(5)",
        FAR_TOO_MUCH,
        "64 MB",
        differs={Tier.NAMESPACES: RunEnding.COMPLETED},
    ),
    Attack(
        "a_sparse_file_is_refused",
        "with open('f', 'wb') as f: f.truncate(1 << 40)",
        RunEnding.COMPLETED,
        "for a file",
    ),
    Attack(
        "a_million_files_are_stopped",
        "import os, time\nfor n in range(1_000_000): os.close(os.open(str(n), os.O_CREAT))",
        FAR_TOO_MUCH,
        "16,384 files",
        Limits(wall_s=30, cpu_s=30),
        {Tier.NAMESPACES: RunEnding.COMPLETED},
    ),
    Attack(
        "descriptors_are_limited",
        "import os\nkept = [os.pipe() for _ in range(200)]",
        RunEnding.COMPLETED,
        "its limit of 32 open files",
        Limits(open_files=32),
    ),
    Attack(
        "a_bomb_of_threads_is_refused",
        "import threading, time\nfor _ in range(100):\n"
        "    threading.Thread(target=time.sleep, args=(30,), daemon=True).start()",
        RunEnding.COMPLETED,
        "its limit of 16 processes",
        Limits(processes=16, memory_mb=2048),
    ),
    Attack(
        "endless_recursion_is_an_error_of_the_test",
        "def f(): return f()\nf()",
        "RecursionError",
    ),
    Attack(
        "a_zip_bomb_is_out_of_memory",
        "import zlib\nzlib.decompress(zlib.compress(bytes(200 << 20)))",
        RunEnding.OUT_OF_MEMORY,
        "100 MB",
        SMALL,
    ),
)

ESCAPES = (
    Attack(
        "nothing_outside_is_written",
        TRY + "import os, sys\n"
        "for d in ('/', '/tmp', '/dev/shm', '/var/tmp', '/usr/lib', sys.prefix):\n"
        "    if os.path.realpath(d).startswith(os.environ['HOME']): continue\n"
        "    attempt(lambda: open(d + '/fractal-written', 'w').close())\n"
        "raise AssertionError('held')",
        HELD,
        differs=UNHIDDEN,
    ),
    Attack(
        "a_symlink_does_not_lead_out",
        TRY + "import os\nos.symlink('/etc/shadow', 'link')\n"
        "attempt(lambda: open('link').read())\nraise AssertionError('held')",
        HELD,
        differs=UNHIDDEN,
    ),
    Attack(
        "a_hard_link_does_not_lead_out",
        TRY + "import os\nattempt(lambda: os.link('/etc/hostname', 'link'))\n"
        "raise AssertionError('held')",
        HELD,
        differs=UNHIDDEN,
    ),
    Attack(
        "no_tcp_leaves",
        TRY + "import socket\n"
        "for a in (('127.0.0.1', PORT), ('169.254.169.254', 80), ('1.1.1.1', 53)):\n"
        "    attempt(lambda: socket.create_connection(a, timeout=0.5))\n"
        "raise AssertionError('held')",
        HELD,
        differs=UNHIDDEN,
    ),
    Attack(
        "no_datagram_and_no_name_leaves",
        TRY + "import socket\n"
        "attempt(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM)"
        ".sendto(b'x', ('1.1.1.1', 53)))\n"
        "attempt(lambda: socket.getaddrinfo('example.org', 80))\nraise AssertionError('held')",
        HELD,
        differs=UNHIDDEN,
    ),
    Attack(
        "sockets_of_the_host_are_out_of_reach",
        TRY + "import socket\n"
        "for a in (PATH, ABSTRACT):\n"
        "    attempt(lambda: socket.socket(socket.AF_UNIX).connect(a))\n"
        "raise AssertionError('held')",
        HELD,
        differs=UNHIDDEN,
    ),
    Attack(
        "a_datagram_of_a_pair_goes_nowhere_else",
        TRY + "import socket\n"
        "def send():\n"
        "    one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)\n"
        "    one.sendto(b'x', ABSTRACT)\n"
        "attempt(send)\nraise AssertionError('held')",
        HELD,
        differs=UNHIDDEN,
    ),
    Attack(
        "the_host_process_shows_nothing",
        TRY + "for name in ('environ', 'mem', 'fd', 'maps', 'cwd/x'):\n"
        "    import os\n"
        "    for pid in {HOST, os.getppid()} - {0}:\n"
        "        attempt(lambda: open(f'/proc/{pid}/{name}', 'rb').read(1))\n"
        "raise AssertionError('held')",
        HELD,
        differs=UNHIDDEN,
    ),
    Attack(
        "own_environment_holds_no_secret",
        "assert b'hunter2' not in open('/proc/self/environ', 'rb').read(), 'escaped'\n"
        "raise AssertionError('held')",
        HELD,
    ),
    Attack(
        "the_parent_cannot_be_signalled",
        TRY + "import os\nattempt(lambda: os.kill(HOST, 0))\nraise AssertionError('held')",
        HELD,
    ),
    Attack(
        "killing_everything_ends_only_the_run",
        "import os\ntry: os.kill(-1, 9)\nexcept OSError: pass\nos.kill(os.getpid(), 9)",
        RunEnding.CRASHED,
        "SIGKILL",
        differs=UNHIDDEN,
    ),
    Attack(
        "limits_of_others_cannot_be_lowered",
        TRY + "import os, resource\n"
        "attempt(lambda: resource.prlimit(os.getppid() or 1, resource.RLIMIT_CPU, (1, 1)))\n"
        "raise AssertionError('held')",
        HELD,
        differs=UNHIDDEN,
    ),
    Attack(
        "dangerous_calls_are_refused",
        SYSCALL + "for n in NUMBERS: refused(n, 0, 0, 0, 0, 0, 0)\nraise AssertionError('held')",
        HELD,
        differs=UNHIDDEN,
    ),
    Attack(
        "new_namespaces_by_clone_are_refused",
        SYSCALL + "for flag in (0x10000000, 0x00020000, 0x20000000, 0x40000000):\n"
        "    refused(CLONE, flag | 17, 0, 0, 0, 0)\nraise AssertionError('held')",
        HELD,
        differs=UNHIDDEN,
    ),
    Attack(
        "strange_kinds_of_sockets_are_refused",
        TRY + "import socket\nfor family in (17, 38, 40, 44):\n"
        "    attempt(lambda: socket.socket(family, socket.SOCK_RAW))\n"
        "raise AssertionError('held')",
        HELD,
        differs=UNHIDDEN,
    ),
    Attack(
        "segfault_is_crashed",
        "import ctypes\nctypes.string_at(0)",
        RunEnding.CRASHED,
        "SIGSEGV",
    ),
    Attack(
        "bad_text_and_control_characters_are_harmless",
        "import sys\nsys.stdout.buffer.write(b'\\xff\\x00\\x1b[2J')\nraise AssertionError('held')",
        HELD,
    ),
    Attack(
        "odd_file_names_are_removed",
        "import os\nfor n in (b'\\xff', b'-rf', b'a\\nb', b' '): os.mkdir(n)\n"
        "os.mkdir('shut'); open('shut/f', 'w').close(); os.chmod('shut', 0)\n"
        "raise AssertionError('held')",
        HELD,
    ),
    Attack(
        "startup_files_change_nothing_later",
        "import os\nfor n in ('sitecustomize.py', 'usercustomize.py', 'x.pth'):\n"
        "    open(n, 'w').write('raise SystemExit')\n"
        "os.makedirs('__pycache__', exist_ok=True)\nraise AssertionError('held')",
        HELD,
    ),
    Attack(
        "a_daemon_by_two_forks_does_not_survive",
        "import os, time\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n"
        "        import ctypes; ctypes.CDLL(None).prctl(15, b'MARKER', 0, 0, 0)\n"
        "        time.sleep(60)\n    os._exit(0)\ntime.sleep(0.2)\nraise AssertionError('held')",
        HELD,
    ),
)
