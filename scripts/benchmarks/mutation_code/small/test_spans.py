from spans import merged


def test_overlapping_and_touching_spans_become_one() -> None:
    assert merged([(5, 8), (1, 3), (4, 6)]) == [(1, 8)]
    assert merged([(1, 9), (2, 3)]) == [(1, 9)]


def test_what_is_apart_stays_apart() -> None:
    assert merged([(6, 7), (1, 4)]) == [(1, 4), (6, 7)]
    assert merged([]) == []
