def step(n):
    return n // 2 if n % 2 == 0 else 3 * n + 1
