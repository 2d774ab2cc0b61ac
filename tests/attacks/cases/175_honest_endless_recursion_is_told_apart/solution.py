def forever(n):
    return forever(n + 1)
