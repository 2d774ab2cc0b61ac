from solution import numbers, power, text


def test_long_text():
    assert text(500_000) == "ab" * 500_000


def test_long_list():
    assert numbers(150_000) == list(range(150_000))


def test_huge_number():
    assert power(20_000) == 3**20_000
    assert power(0) == 1
