def text(n):
    return "ab" * n


def numbers(n):
    return list(range(n))


def power(n):
    return 3**n
