"""The middle of a sample."""


def median(values: list[float]) -> float:
    """The middle value, or the mean of the two in the middle; raises ``ValueError`` for none."""
    if not values:
        raise ValueError("no values")
    ordered = sorted(values)
    half = len(ordered) // 2
    if len(ordered) % 2 == 1:
        return ordered[half]
    return (ordered[half - 1] + ordered[half]) / 2
