import collections
import dataclasses
import enum


class Colour(enum.Enum):
    RED = "r"
    BLUE = "b"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


Pair = collections.namedtuple("Pair", "left right")


@dataclasses.dataclass(order=True)
class Item:
    name: str
    price: float = 0.0
    tags: list = dataclasses.field(default_factory=list)


def swap(pair):
    return Pair(pair[1], pair[0])


def cheapest(items):
    return min(items, key=lambda item: item.price)
