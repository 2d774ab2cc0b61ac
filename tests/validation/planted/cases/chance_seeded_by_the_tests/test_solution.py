import random

from solution import roll


def test_a_seed_is_a_row():
    random.seed(7)
    row = [roll(6) for _ in range(40)]
    random.seed(7)
    assert [random.randint(1, 6) for _ in range(40)] == row
    assert set(row) == {1, 2, 3, 4, 5, 6}
