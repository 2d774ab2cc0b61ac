def work(x):
    with open("sparse", "wb") as file:
        file.seek(1 << 40)
        file.write(b"x")
    return 2
