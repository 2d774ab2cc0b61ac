def work(x):
    return ["x" * (1 << 20)] * 64
