from solution import work


def test_work():
    assert list(work(1)) == [1]
