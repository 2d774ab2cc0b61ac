import sys

sys.setrecursionlimit(10**9)


def work(x):
    return work(x + 1) + 1
