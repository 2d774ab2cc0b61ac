def digits(number: int) -> int:
    """How many digits a number has."""
    count = 1
    while number >= 10:
        number //= 10
        count += 1
    return count
