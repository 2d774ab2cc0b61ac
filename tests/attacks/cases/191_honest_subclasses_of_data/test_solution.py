from solution import Grid, Name, Stack


def test_stack():
    stack = Stack().push(1).push(2)
    assert stack == [1, 2]
    assert stack.top == 2
    assert 2 in stack
    assert 5 not in stack
    assert isinstance(stack, Stack)


def test_name():
    assert Name("hey").shout() == "HEY!"
    assert Name("a") + "b" == "ab"


def test_grid():
    grid = Grid()
    grid[1, 2] = 5
    assert grid[1, 2] == 5
    assert grid[0, 0] == 0
    assert grid == {(1, 2): 5}
