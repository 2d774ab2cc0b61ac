_tickets = [0]


def ticket() -> int:
    """The next number."""
    _tickets[0] += 1
    return _tickets[0]
