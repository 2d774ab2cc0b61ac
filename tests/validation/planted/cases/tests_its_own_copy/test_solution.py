def total(prices):
    return sum(prices)


def test_the_copy_is_right():
    assert total([1, 2]) == 3
