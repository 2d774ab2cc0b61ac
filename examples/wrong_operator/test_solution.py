import pytest

from solution import is_leap_year


@pytest.mark.parametrize("year", [1996, 2000, 2024])
def test_leap(year):
    assert is_leap_year(year)


@pytest.mark.parametrize("year", [1900, 2023, 2100])
def test_common(year):
    assert not is_leap_year(year)
