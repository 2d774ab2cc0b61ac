def pairs(count: int) -> int:
    """How many pairs there are in an even number of socks."""
    if count == 0:
        return 0
    return 1 + pairs(count - 2)
