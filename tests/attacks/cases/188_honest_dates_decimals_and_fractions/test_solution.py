import datetime
from decimal import Decimal
from fractions import Fraction

from solution import halves, noon, share, tomorrow


def test_dates():
    assert tomorrow(datetime.date(2024, 2, 28)) == datetime.date(2024, 2, 29)
    assert noon(datetime.date(2024, 1, 1)).isoformat() == "2024-01-01T12:00:00+00:00"


def test_decimals():
    assert share("10.00", 3) == Decimal("3.33")
    assert str(share("1", 8)) == "0.12"


def test_fractions():
    assert sum(halves(3)) == Fraction(7, 4)
