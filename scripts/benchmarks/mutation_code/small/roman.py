"""Roman numerals."""

_SIGNS = ((1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"))
_SMALL = ((50, "L"), (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"))


def to_roman(number: int) -> str:
    """The numeral of a number from 1 to 3999; raises ``ValueError`` for others."""
    if number < 1 or number > 3999:
        raise ValueError("no numeral")
    text = ""
    for value, sign in _SIGNS + _SMALL:
        text += sign * (number // value)
        number %= value
    return text
