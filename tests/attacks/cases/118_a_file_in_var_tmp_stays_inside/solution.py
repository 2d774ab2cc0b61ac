def escape():
    with open("/var/tmp/fractal-attack-marker", "w") as file:
        file.write("x")
    return True
