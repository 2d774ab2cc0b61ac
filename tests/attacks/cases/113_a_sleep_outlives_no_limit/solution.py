import time


def work(x):
    time.sleep(3600)
    return 2
