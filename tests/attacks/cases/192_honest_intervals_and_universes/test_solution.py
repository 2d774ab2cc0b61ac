from solution import Interval


def test_interval():
    assert 5 in Interval(0, 10)
    assert 11 not in Interval(0, 10)
    assert 10**6 in Interval(0, float("inf"))
    assert -1 not in Interval(0, float("inf"))
