"""Check digits of card numbers (Luhn, US patent 2950048)."""


def is_valid(digits: str) -> bool:
    """Whether the last digit is the check digit of those before it."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit)
        if place % 2 == 1:
            value *= 2
        total += value - 9 if value > 9 else value
    return total % 10 == 0
