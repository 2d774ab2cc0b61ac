import functools

CALLS = []


@functools.lru_cache(maxsize=None)
def fib(n):
    CALLS.append(n)
    return n if n < 2 else fib(n - 1) + fib(n - 2)
