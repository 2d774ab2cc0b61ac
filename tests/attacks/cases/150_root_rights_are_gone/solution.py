import os


def escape():
    try:
        os.setuid(0)
        os.setgid(0)
        os.chown("/", 0, 0)
        return True
    except OSError:
        return False
