from solution import fare


def test_one_age_is_enough():
    assert fare(30) == 300
