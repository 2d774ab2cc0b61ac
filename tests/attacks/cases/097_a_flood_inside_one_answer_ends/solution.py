import os


def work(x):
    for _ in range(24):
        os.write(1, b"x" * (1 << 20))
    return 2
