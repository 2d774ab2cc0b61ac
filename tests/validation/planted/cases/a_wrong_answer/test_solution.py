from solution import middle


def test_it_sorts_first():
    assert middle([3, 1, 2]) == 2
