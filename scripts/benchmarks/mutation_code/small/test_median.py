import pytest
from median import median


def test_odd_and_even_samples() -> None:
    assert median([5, 1, 3]) == 3
    assert median([9, 1, 2, 4]) == 3
    assert median([8]) == 8


def test_no_values_have_no_middle() -> None:
    with pytest.raises(ValueError, match=r"^no values$"):
        median([])
