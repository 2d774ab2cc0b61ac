from shop.basket import total
from shop.prices import with_tax


def test_tax_is_added():
    assert with_tax("book", 10) == 10.7


def test_total():
    assert total([("book", 10), ("toy", 100)]) == 129.7
