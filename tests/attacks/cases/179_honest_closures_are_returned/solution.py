def counter(start=0):
    value = start

    def step(by=1):
        nonlocal value
        value += by
        return value

    return step


def compose(*functions):
    def run(x):
        for function in functions:
            x = function(x)
        return x

    return run


def double(x):
    return 2 * x
