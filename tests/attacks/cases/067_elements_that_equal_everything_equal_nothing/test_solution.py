from solution import double


def test_double():
    assert double([1, 2]) == [2, 4]


def test_one():
    assert [6] == double([3])
