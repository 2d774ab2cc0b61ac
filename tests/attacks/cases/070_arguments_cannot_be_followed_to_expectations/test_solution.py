from solution import double

CASES = [([1, 2], [2, 4]), ([5], [10])]


def test_table():
    for given, expected in CASES:
        assert double(given) == expected
