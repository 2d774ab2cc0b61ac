import itertools

from solution import average, count, forever


def test_count():
    assert list(count(4)) == [0, 1, 4, 9]
    assert sum(count(3)) == 5
    assert list(itertools.islice(forever(3), 2)) == [3, 4]


def test_send():
    running = average()
    next(running)
    assert running.send(10) == 10
    assert running.send(20) == 15
