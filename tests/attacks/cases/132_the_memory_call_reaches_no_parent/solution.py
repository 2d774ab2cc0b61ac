import ctypes
import os


class Piece(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]


def escape():
    room = ctypes.create_string_buffer(8)
    here = Piece(ctypes.addressof(room), 8)
    there = Piece(id(None), 8)
    call = ctypes.CDLL(None).process_vm_readv
    return call(os.getppid(), ctypes.byref(here), 1, ctypes.byref(there), 1, 0) > 0
