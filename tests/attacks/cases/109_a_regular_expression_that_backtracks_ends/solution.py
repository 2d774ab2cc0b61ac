import re


def work(x):
    return x + bool(re.match(r"(a+)+$", "a" * 60 + "b")) + 1
