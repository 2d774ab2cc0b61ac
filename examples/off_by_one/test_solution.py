from solution import window_sums


def test_every_window_is_summed():
    assert window_sums([1, 2, 3, 4], 2) == [3, 5, 7]


def test_one_window_as_wide_as_the_list():
    assert window_sums([5, 6], 2) == [11]


def test_a_window_wider_than_the_list():
    assert window_sums([1], 2) == []
