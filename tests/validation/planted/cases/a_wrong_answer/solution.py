def middle(values: list[int]) -> int:
    """The middle one of an odd number of values."""
    return values[len(values) // 2]
