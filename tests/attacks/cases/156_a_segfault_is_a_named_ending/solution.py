import ctypes


def escape():
    ctypes.string_at(0)
    return True
