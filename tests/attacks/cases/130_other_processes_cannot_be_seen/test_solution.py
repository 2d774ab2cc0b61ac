from solution import escape


def test_escapes():
    assert escape() is True
