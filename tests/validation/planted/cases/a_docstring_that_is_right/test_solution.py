from solution import plural


def test_plural():
    assert plural("cat") == "cats"
    assert plural("") == "s"
