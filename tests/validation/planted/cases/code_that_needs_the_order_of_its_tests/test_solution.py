from solution import ticket


def test_first():
    assert ticket() == 1


def test_second():
    assert ticket() == 2


def test_third():
    assert ticket() == 3


def test_fourth():
    assert ticket() == 4
