from shop.prices import with_tax


def total(items):
    """Items are (kind, net price) pairs."""
    return round(sum(with_tax(kind, net) for kind, net in items), 2)
