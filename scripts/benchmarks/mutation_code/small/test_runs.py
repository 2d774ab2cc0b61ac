from runs import runs


def test_neighbours_are_counted_together() -> None:
    assert runs([4, 4, 4, 7, 4, 4]) == [(4, 3), (7, 1), (4, 2)]


def test_nothing_and_a_single_value() -> None:
    assert runs([]) == []
    assert runs([9]) == [(9, 1)]
