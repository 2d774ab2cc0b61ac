"""Run-length coding."""


def runs(values: list[int]) -> list[tuple[int, int]]:
    """(value, how often in a row) from left to right."""
    found: list[tuple[int, int]] = []
    for value in values:
        if found and found[-1][0] == value:
            found[-1] = (value, found[-1][1] + 1)
        else:
            found.append((value, 1))
    return found
