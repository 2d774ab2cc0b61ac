def work(x):
    return 9 ** 9 ** 9 % 7 + x
