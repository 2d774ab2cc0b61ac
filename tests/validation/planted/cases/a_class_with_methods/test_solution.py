import pytest

from solution import Till


def test_some_is_left():
    till = Till(10)
    assert till.pay(3) == 7
    assert till.pay(7) == 0
    assert till.held == 0


def test_no_more_than_there_is():
    with pytest.raises(ValueError):
        Till(1).pay(2)
