def twice(number: int) -> int:
    print("twice", number)
    return number * 2
