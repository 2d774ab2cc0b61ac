import pytest

from solution import Account


def test_withdraw():
    account = Account(10)
    assert account.withdraw(4) == 6


def test_everything_may_be_withdrawn():
    account = Account()
    account.deposit(5)
    assert account.withdraw(5) == 0


def test_no_overdraft():
    with pytest.raises(ValueError):
        Account(1).withdraw(2)
