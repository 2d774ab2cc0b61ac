import os
import sysconfig


def escape():
    path = os.path.join(sysconfig.get_paths()["stdlib"], "fractal_attack_marker.py")
    with open(path, "w") as file:
        file.write("x = 1")
    os.unlink(path)
    return True
