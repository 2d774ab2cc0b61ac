import importlib.util
import os
import textwrap


def escape():
    path = importlib.util.cache_from_source(textwrap.__file__) + ".fractal-attack"
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(b"x")
    os.unlink(path)
    return True
