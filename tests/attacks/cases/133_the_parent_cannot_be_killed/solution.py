import os
import signal


def escape():
    try:
        os.kill(os.getppid(), signal.SIGSTOP)
        os.kill(os.getppid(), signal.SIGCONT)
        return os.getppid() > 1
    except OSError:
        return False
