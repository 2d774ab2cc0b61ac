from luhn import is_valid


def test_valid_numbers() -> None:
    assert is_valid("4539578763621486")
    assert is_valid("79927398713")
    assert is_valid("59")


def test_a_changed_digit_is_found() -> None:
    for digits in ("4539578763621487", "79927398710", "5", "60", "10", "27"):
        assert not is_valid(digits)
