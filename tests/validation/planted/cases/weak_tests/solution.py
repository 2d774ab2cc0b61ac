def fare(age: int) -> int:
    if age < 6:
        return 0
    if age < 65:
        return 300
    return 150
