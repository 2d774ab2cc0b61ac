from solution import shout


def test_shout():
    assert shout("hey") == "HEY!"


def test_empty():
    assert "HO!" == shout("ho")
