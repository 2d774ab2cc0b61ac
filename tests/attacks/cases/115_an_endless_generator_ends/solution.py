def work(x):
    while True:
        yield x
