import ctypes

CLONE_NEWUSER, CLONE_NEWNS = 0x10000000, 0x00020000


def escape():
    libc = ctypes.CDLL(None)
    if libc.unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0:
        return False
    return libc.mount(b"none", b"/proc", b"tmpfs", 0, None) == 0
