import random


def deal(seed: int, count: int) -> list[int]:
    """The first cards of a deck that this seed shuffles."""
    cards = list(range(52))
    random.Random(seed).shuffle(cards)
    return cards[:count]
