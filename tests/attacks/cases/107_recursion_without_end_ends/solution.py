def work(x):
    return work(x + 1) + 1
