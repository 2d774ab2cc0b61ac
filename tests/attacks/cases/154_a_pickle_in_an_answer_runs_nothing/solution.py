import os


class Payload:
    def __reduce__(self):
        return (open, ("/tmp/fractal-attack-pickle", "w"))


def escape():
    return Payload()
