from solution import add


def test_type_and_value():
    assert isinstance(add(2, 3), int)
    assert add(2, 3) == 5
