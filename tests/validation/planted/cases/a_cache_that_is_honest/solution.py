_known: dict[int, int] = {}


def square(number: int) -> int:
    if number not in _known:
        _known[number] = number * number
    return _known[number]
