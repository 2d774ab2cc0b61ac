from solution import dedupe, register


def test_in_place():
    xs = [3, 1, 3, 2, 1]
    assert dedupe(xs) is None
    assert xs == [3, 1, 2]


def test_same_object():
    table = {}
    assert register(table, "a", 1) is table
    register(table, "a", 2)
    assert table == {"a": [1, 2]}
