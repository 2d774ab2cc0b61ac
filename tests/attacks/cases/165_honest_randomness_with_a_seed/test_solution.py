from solution import deal


def test_is_repeatable():
    assert deal(7, 5) == deal(7, 5)
    assert deal(7, 5) != deal(8, 5)


def test_holds_every_card():
    assert sorted(deal(1, 52)) == list(range(52))
