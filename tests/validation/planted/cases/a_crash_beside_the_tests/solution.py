def sign(number: int) -> str:
    if number > 0:
        word = "plus"
    elif number < 0:
        word = "minus"
    return word
