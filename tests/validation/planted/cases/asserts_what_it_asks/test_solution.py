from solution import area


def test_it_is_what_it_is():
    assert area(3, 4) == area(3, 4)
