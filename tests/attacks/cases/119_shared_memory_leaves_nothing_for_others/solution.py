def escape():
    with open("/dev/shm/fractal-attack-marker", "w") as file:
        file.write("x")
    return True
