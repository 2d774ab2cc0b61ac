import solution


def test_there_is_a_size():
    assert callable(solution.size)
