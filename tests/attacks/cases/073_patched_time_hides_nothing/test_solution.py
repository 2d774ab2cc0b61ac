import time

from solution import add


def test_is_quick():
    began = time.perf_counter()
    assert add(2, 3) == 5
    assert time.perf_counter() - began < 0.2
