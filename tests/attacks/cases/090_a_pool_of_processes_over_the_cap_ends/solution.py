import os
import time


def work(x):
    children = 0
    for _ in range(200):
        if os.fork() == 0:
            time.sleep(60)
            os._exit(0)
        children += 1
    return 2
