def biggest(values: list[int]) -> int:
    values.sort()
    return values[-1]
