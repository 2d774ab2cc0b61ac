from solution import year


def test_a_year_has_four_digits():
    assert len(year()) == 4
    assert year().isdigit()
