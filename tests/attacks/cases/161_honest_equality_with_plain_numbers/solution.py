import functools


@functools.total_ordering
class Money:
    def __init__(self, cents):
        self.cents = cents

    def __eq__(self, other):
        return self.cents == getattr(other, "cents", other)

    def __lt__(self, other):
        return self.cents < getattr(other, "cents", other)

    def __hash__(self):
        return hash(self.cents)

    def __add__(self, other):
        return Money(self.cents + getattr(other, "cents", other))

    def __sub__(self, other):
        return Money(self.cents - getattr(other, "cents", other))

    def __abs__(self):
        return Money(abs(self.cents))
