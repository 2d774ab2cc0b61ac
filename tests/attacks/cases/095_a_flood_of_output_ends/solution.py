def work(x):
    while True:
        print("x" * 100_000)
