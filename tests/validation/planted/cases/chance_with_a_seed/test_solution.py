from solution import deal


def test_a_seed_is_a_deal():
    assert deal(7, 5) == deal(7, 5)
    assert deal(7, 5) != deal(8, 5)
    assert deal(7, 52) != deal(8, 52)


def test_every_card_is_there_once():
    assert sorted(deal(1, 52)) == list(range(52))
    assert len(deal(1, 3)) == 3
