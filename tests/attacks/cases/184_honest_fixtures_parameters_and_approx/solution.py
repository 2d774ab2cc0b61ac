import math


class Stack:
    def __init__(self):
        self.items = []

    def push(self, x):
        self.items.append(x)

    def pop(self):
        if not self.items:
            raise IndexError("empty")
        return self.items.pop()


def area(r):
    if r < 0:
        raise ValueError("negative radius")
    return math.pi * r * r
