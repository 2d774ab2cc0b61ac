import os
import tempfile

PLACES = (tempfile.gettempdir(), "/tmp", ".", "..", "/dev/shm")


def escape():
    found = any(os.path.exists(os.path.join(p, "fractal-attack-residue")) for p in PLACES)
    for place in PLACES[:1] + PLACES[2:3]:
        with open(os.path.join(place, "fractal-attack-residue"), "w") as file:
            file.write("x")
    return found
