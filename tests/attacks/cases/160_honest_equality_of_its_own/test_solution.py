from solution import Point, move


def test_move():
    assert move(Point(1, 2), 3, 4) == Point(4, 6)
    assert move(Point(1, 2), 0, 0) != Point(2, 1)
    assert Point(1, 2) != (1, 2)


def test_as_keys():
    assert {Point(1, 2): "a"}[move(Point(0, 0), 1, 2)] == "a"
    assert len({Point(1, 1), Point(1, 1), Point(2, 1)}) == 2
