from first import BASE


def double(steps: int) -> int:
    return steps * 2 if BASE else steps
