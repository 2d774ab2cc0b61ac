import itertools


def count(n):
    for i in range(n):
        yield i * i


def forever(start):
    return itertools.count(start)


def average():
    total, seen, value = 0, 0, None
    while True:
        got = yield value
        total, seen = total + got, seen + 1
        value = total / seen
