import functools


def logged(function):
    @functools.wraps(function)
    def call(*args):
        call.count += 1
        return function(*args)

    call.count = 0
    return call


@logged
def add(a, b):
    """Sum."""
    return a + b
