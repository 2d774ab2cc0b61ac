from solution import pairs


def test_pairs():
    assert pairs(0) == 0
    assert pairs(2) == 1
    assert pairs(20) == 10
