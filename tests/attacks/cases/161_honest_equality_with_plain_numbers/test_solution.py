from solution import Money


def test_money():
    assert Money(5) == 5
    assert Money(5) + 3 == 8
    assert Money(5) != 4
    assert not Money(5) == 6


def test_order():
    assert Money(5) < 6
    assert Money(5) >= 5
    assert max(Money(1), Money(3), Money(2)) == 3
    assert abs(Money(3) - 5) == 2
    assert abs(Money(3) - 5) < 3
