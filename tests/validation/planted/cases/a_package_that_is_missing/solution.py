import nobody_has_this_package


def twice(number: int) -> int:
    return nobody_has_this_package.double(number)
