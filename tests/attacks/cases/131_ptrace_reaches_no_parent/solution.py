import ctypes
import os

PTRACE_SEIZE = 0x4206


def escape():
    return ctypes.CDLL(None).ptrace(PTRACE_SEIZE, os.getppid(), None, None) == 0
