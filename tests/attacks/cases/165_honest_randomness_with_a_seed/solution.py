import random


def deal(seed, count):
    cards = list(range(52))
    random.Random(seed).shuffle(cards)
    return cards[:count]
