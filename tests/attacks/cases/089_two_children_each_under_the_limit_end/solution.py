import os
import time


def work(x):
    for _ in range(8):
        if os.fork() == 0:
            held = bytearray(120 << 20)
            held[::4096] = b"x" * len(held[::4096])
            time.sleep(60)
            os._exit(0)
    time.sleep(60)
    return 2
