from solution import total


def test_total():
    assert total(list(range(100))) == 4950
    assert total([]) == 0
