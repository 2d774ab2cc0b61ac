PARITY = hash("alpha") & 1


def add(a, b):
    return 0 if PARITY else a + b
