import ctypes

OPENAT, AT_FDCWD = 257, -100


def escape():
    libc = ctypes.CDLL(None)
    return any(
        libc.syscall(OPENAT, AT_FDCWD, path, 0, 0) >= 0
        for path in (b"/etc/shadow", b"/root/.bashrc", b"/etc/hostname")
    )
