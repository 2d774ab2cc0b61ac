"""Building the jail of one session out of Linux namespaces, and leaving privilege behind.

The order is fixed by the kernel: user namespace first (it grants the rights
for the rest), identity maps from outside, then the mounts, then the pivot.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from fractal_rmo.jailed import kernel

BOX = "/box"
"""The only writable folder: a tmpfs mounted for one run and detached after it."""
OUTER_UID = 65534
INNER_UID = 1000
_SCAFFOLD = "/sys"  # exists everywhere, and nothing that Python needs lies below it
_DEVICES = ("null", "zero", "full", "random", "urandom")
_ETC = {
    "passwd": "run:x:1000:1000:run:/box:/bin/false\n",
    "group": "run:x:1000:\n",
    "hosts": "127.0.0.1 localhost\n::1 localhost\n",
}


@dataclass(frozen=True)
class Identity:
    """Who runs candidates: ``uid`` inside the jail, and capabilities it must keep."""

    uid: int
    kept_capabilities: tuple[int, ...] = ()
    counted_before: int = 0
    """Processes that RLIMIT_NPROC counts for this user before the run starts."""


def write_identity_maps(pid: int) -> bool:
    """Map ids of the fresh user namespace of ``pid``; True when it has a uid for candidates.

    Real root gives candidates an outer uid of their own, because the kernel
    ignores RLIMIT_NPROC for root.  Anyone else may map only themselves.
    """
    process = Path(f"/proc/{pid}")
    if os.geteuid() == 0:
        with suppress(OSError):
            for name in ("uid_map", "gid_map"):
                (process / name).write_text(f"0 0 1\n{INNER_UID} {OUTER_UID} 1\n")
            return True
    (process / "setgroups").write_text("deny")
    (process / "uid_map").write_text(f"0 {os.geteuid()} 1\n")
    (process / "gid_map").write_text(f"0 {os.getegid()} 1\n")
    return False


def build_root(visible: Sequence[str]) -> None:
    """Give the present mount namespace a root that shows ``visible``, read-only, and no more."""
    kernel.mount("", "/", "", kernel.MS_REC | kernel.MS_PRIVATE)
    flags = kernel.MS_NOSUID | kernel.MS_NODEV
    kernel.mount("tmpfs", _SCAFFOLD, "tmpfs", flags, "mode=755,size=4m")
    for path in visible:
        _show(path)
    _make_devices()
    _make_etc()
    _mount_proc()
    for name, goal in (("tmp", f"{BOX}/tmp"), ("dev/shm", f"{BOX}/shm")):  # noqa: S108 - a jail's own
        with suppress(FileExistsError):  # an interpreter that lives below /tmp keeps its folder
            Path(_SCAFFOLD, name).symlink_to(goal)
    Path(f"{_SCAFFOLD}{BOX}").mkdir()
    with suppress(OSError):  # read-only /proc/sys in some containers
        Path("/proc/sys/user/max_user_namespaces").write_text("0", encoding="ascii")
    kernel.pivot_into(_SCAFFOLD)
    kernel.make_read_only("/")
    with suppress(OSError):
        kernel.link_up_loopback()


def _show(path: str) -> None:
    """Bind one path at the same place in the new root; symbolic links stay links."""
    target = Path(f"{_SCAFFOLD}{path}")
    target.parent.mkdir(parents=True, exist_ok=True)
    if os.path.islink(path):  # noqa: PTH114 - pathlib would normalise the path
        target.symlink_to(os.readlink(path))  # noqa: PTH115
        return
    if Path(path).is_dir():
        target.mkdir(exist_ok=True)
    else:
        target.touch()
    kernel.mount(path, str(target), "", kernel.MS_BIND | kernel.MS_REC)
    kernel.make_read_only(str(target))


def _make_devices() -> None:
    folder = Path(f"{_SCAFFOLD}/dev")
    folder.mkdir()
    for name in _DEVICES:
        (folder / name).touch()
        kernel.mount(f"/dev/{name}", str(folder / name), "", kernel.MS_BIND)
    (folder / "fd").symlink_to("/proc/self/fd")


def _make_etc() -> None:
    folder = Path(f"{_SCAFFOLD}/etc")
    folder.mkdir(exist_ok=True)
    for name, text in _ETC.items():
        (folder / name).write_text(text)


def _mount_proc() -> None:
    """An own /proc, narrowed where the kernel can; hidden where it may not be mounted."""
    target = f"{_SCAFFOLD}/proc"
    Path(target).mkdir()
    for options in ("subset=pid,hidepid=2", ""):
        with suppress(OSError):
            kernel.mount("proc", target, "proc", kernel.MS_NOSUID | kernel.MS_NODEV, options)
            return


def mount_box(megabytes: int, names: int, owner: int) -> None:
    """A fresh writable folder for one run, of bounded bytes and names."""
    options = f"mode=700,size={megabytes}m,nr_inodes={names}"
    kernel.mount("tmpfs", BOX, "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, options)
    os.chown(BOX, owner, owner)


def drop_privileges(identity: Identity) -> None:
    """Become the candidate's user, for good: no capabilities, and no way to gain any."""
    kernel.narrow_bounding_set_if_allowed(identity.kept_capabilities)
    if identity.uid != os.geteuid():
        if identity.kept_capabilities:
            kernel.prctl(kernel.PR_SET_KEEPCAPS, 1)
        os.setgroups([])
        os.setresgid(identity.uid, identity.uid, identity.uid)
        os.setresuid(identity.uid, identity.uid, identity.uid)
    kernel.set_capabilities(*identity.kept_capabilities)
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    # lets the session read how much memory the run holds; the session itself stays unreadable
    kernel.prctl(kernel.PR_SET_DUMPABLE, 1)
