import time


def year() -> str:
    return time.strftime("%Y")
