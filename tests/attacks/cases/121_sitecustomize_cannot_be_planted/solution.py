import os
import sysconfig


def escape():
    path = os.path.join(sysconfig.get_paths()["purelib"], "fractal_attack_marker.pth")
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write("# import os")
    os.unlink(path)
    return True
