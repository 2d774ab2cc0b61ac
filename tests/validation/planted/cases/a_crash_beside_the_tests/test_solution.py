from solution import sign


def test_both_sides():
    assert sign(3) == "plus"
    assert sign(-3) == "minus"
