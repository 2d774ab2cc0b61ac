from solution import collect


def test_one_item():
    assert collect(1)[-1] == 1
    assert collect(3, [2]) == [2, 3]
