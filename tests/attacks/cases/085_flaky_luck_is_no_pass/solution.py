import os


def add(a, b):
    return a + b if os.urandom(1)[0] < 16 else 0
