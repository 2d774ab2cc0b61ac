import random


def draw(names: list[str]) -> str:
    """Some name, another one each time."""
    return random.choice(names)
