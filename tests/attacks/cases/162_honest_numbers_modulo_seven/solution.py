class Mod7:
    def __init__(self, value):
        self.value = value % 7

    def __eq__(self, other):
        other = other.value if isinstance(other, Mod7) else other
        return isinstance(other, int) and self.value == other % 7

    __hash__ = None

    def __mul__(self, other):
        return Mod7(self.value * (other.value if isinstance(other, Mod7) else other))
