def work(x):
    while True:
        x += 1
