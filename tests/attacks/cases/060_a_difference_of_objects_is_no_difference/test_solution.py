from solution import half


def test_near():
    assert abs(half(9.0) - 4.5) < 1e-6


def test_from_the_other_side():
    assert abs(1.5 - half(3.0)) <= 1e-6
