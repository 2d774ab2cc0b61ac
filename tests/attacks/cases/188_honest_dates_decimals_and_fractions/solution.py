import datetime
from decimal import Decimal
from fractions import Fraction


def tomorrow(day):
    return day + datetime.timedelta(days=1)


def share(amount, parts):
    return (Decimal(amount) / parts).quantize(Decimal("0.01"))


def halves(n):
    return [Fraction(1, 2) ** i for i in range(n)]


def noon(day):
    return datetime.datetime(day.year, day.month, day.day, 12, tzinfo=datetime.timezone.utc)
