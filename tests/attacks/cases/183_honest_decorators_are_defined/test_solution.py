import solution


def test_decorated():
    before = solution.add.count
    assert solution.add(1, 2) == 3
    assert solution.add.count == before + 1
    assert solution.add.__name__ == "add"
    assert solution.add.__doc__ == "Sum."
