import pytest
from roman import to_roman


def test_the_signs_of_each_place() -> None:
    assert to_roman(1994) == "MCMXCIV"
    assert to_roman(3) == "III"
    assert to_roman(3888) == "MMMDCCCLXXXVIII"


def test_the_ends_of_the_range() -> None:
    assert to_roman(1) == "I"
    assert to_roman(3999) == "MMMCMXCIX"
    for number in (0, 4000):
        with pytest.raises(ValueError, match=r"^no numeral$"):
            to_roman(number)
