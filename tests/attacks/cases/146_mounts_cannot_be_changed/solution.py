import ctypes


def escape():
    libc = ctypes.CDLL(None)
    return libc.mount(b"none", b"/tmp", b"tmpfs", 0, None) == 0 or libc.umount2(b"/proc", 2) == 0
