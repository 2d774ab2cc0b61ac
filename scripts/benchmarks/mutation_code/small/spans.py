"""Spans of whole numbers."""


def merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The same numbers in as few spans as possible, in order; ends are inclusive."""
    found: list[tuple[int, int]] = []
    for first, last in sorted(spans):
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return found
