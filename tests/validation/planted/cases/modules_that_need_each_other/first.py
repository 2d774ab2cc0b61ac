import second

BASE = 3


def height(steps: int) -> int:
    return second.double(steps) + BASE
