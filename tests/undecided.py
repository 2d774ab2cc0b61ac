"""Two faults, each with one call: patches that do different things pass."""

CODE = "def wider(x):\n    return x - 1\n\n\ndef higher(x):\n    return x - 3\n"
TESTS = """from solution import higher, wider


def test_wider():
    assert wider(2) == 4


def test_higher():
    assert higher(3) == 9
"""
MORE = "\n\ndef test_others():\n    assert (wider(7), higher(5)) == (9, 15)\n"
"""What decides, behind the tests."""
