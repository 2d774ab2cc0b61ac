import os


def escape():
    try:
        os.link("/etc/shadow", "innocent.txt")
        return bool(open("innocent.txt").read())
    except OSError:
        return False
