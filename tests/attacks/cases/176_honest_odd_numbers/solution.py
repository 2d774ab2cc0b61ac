import math


def mean(xs):
    return sum(xs) / len(xs) if xs else math.nan


def limits():
    return [math.inf, -math.inf, -0.0, 5e-324, 2**64, -(2**200)]
