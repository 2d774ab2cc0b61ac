from solution import shout


def test_shout():
    assert shout("hey") == "HEY!"
    assert shout("") == "!"
