from solution import power


def test_small_powers():
    assert [power(2, n) for n in range(6)] == [1, 2, 4, 8, 16, 32]


def test_other_bases():
    assert power(3, 4) == 81
    assert power(10, 3) == 1000
