import pytest
from solution import Stack, area


@pytest.fixture
def stack():
    made = Stack()
    made.push(1)
    yield made
    made.items.clear()


def test_stack(stack):
    stack.push(2)
    assert [stack.pop(), stack.pop()] == [2, 1]
    with pytest.raises(IndexError, match="empty"):
        stack.pop()


@pytest.mark.parametrize(("r", "expected"), [(0, 0), (1, 3.141592653589793), (2.5, 19.634954)])
def test_area(r, expected):
    assert area(r) == pytest.approx(expected)


def test_negative():
    with pytest.raises(ValueError, match="negative"):
        area(-1)
