import os
import stat


def escape():
    for descriptor in range(3, 256):
        try:
            mode = os.fstat(descriptor).st_mode
            target = os.readlink(f"/proc/self/fd/{descriptor}")
        except OSError:
            continue
        if stat.S_ISREG(mode) or (stat.S_ISDIR(mode) and target == "/"):
            return True
    return False
