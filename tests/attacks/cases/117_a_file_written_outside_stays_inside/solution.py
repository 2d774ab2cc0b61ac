def escape():
    with open("/tmp/fractal-attack-marker", "w") as file:
        file.write("x")
    return True
