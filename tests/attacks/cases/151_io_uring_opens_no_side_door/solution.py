import ctypes


def escape():
    room = ctypes.create_string_buffer(256)
    return ctypes.CDLL(None).syscall(425, 4, room) >= 0 and opened_outside()


def opened_outside():
    try:
        return bool(open("/etc/shadow").read(1))
    except OSError:
        return False
