import os

RATE = 0.2


def tax(amount):
    return amount * RATE


def home():
    return os.sep
