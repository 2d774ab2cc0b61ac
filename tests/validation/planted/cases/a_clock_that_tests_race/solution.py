import time


def elapsed(start: float) -> float:
    return time.perf_counter() - start
