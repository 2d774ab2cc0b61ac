from solution import depth, nest


def test_depth():
    assert depth(800) == 800


def test_nest():
    assert nest(3) == [[[[]]]]
    assert len(nest(150)) == 1
