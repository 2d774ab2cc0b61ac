def work(x):
    print("x" * (24 << 20))
    return 2
