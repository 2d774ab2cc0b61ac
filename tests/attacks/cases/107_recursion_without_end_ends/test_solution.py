from solution import work


def test_work():
    assert work(1) == 2
