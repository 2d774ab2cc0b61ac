import os
import signal
import time


def escape():
    try:
        os.kill(-1, signal.SIGKILL)
    except OSError:
        return False
    time.sleep(1)
    return False
