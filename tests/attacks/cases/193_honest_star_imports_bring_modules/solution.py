import math
from collections import *

__version__ = "1.0"


def circle(r):
    return math.pi * r**2


def tally(words):
    return Counter(words)
