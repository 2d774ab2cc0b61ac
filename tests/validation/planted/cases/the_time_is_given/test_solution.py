from solution import greeting


def test_noon_is_day():
    assert greeting(11) == "Good morning"
    assert greeting(12) == "Good day"
    assert greeting(13) == "Good day"
