import os


def escape():
    os.symlink("/etc/shadow", "innocent.txt")
    try:
        return bool(open("innocent.txt").read())
    except OSError:
        return False
