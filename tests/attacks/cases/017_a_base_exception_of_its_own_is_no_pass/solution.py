class Quiet(BaseException):
    pass


def add(a, b):
    raise Quiet
