from solution import double


def test_result_and_argument():
    given = [1, 2]
    assert double(given) == [2, 4]
    assert given == [1, 2]


def test_each():
    given = [3, 4]
    assert [2 * x for x in [3, 4]] == double(given)
