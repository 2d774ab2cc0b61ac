import time


class Heavy:
    def __del__(self):
        time.sleep(3600)


HELD = Heavy()


def work(x):
    global HELD
    HELD = None
    return 2
