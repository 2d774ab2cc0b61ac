from solution import square


def test_twice_the_same():
    assert square(3) == 9
    assert square(3) == 9
    assert square(-4) == 16
