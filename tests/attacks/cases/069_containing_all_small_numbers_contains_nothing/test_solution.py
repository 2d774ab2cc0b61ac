from solution import divisors


def test_holds_the_divisors():
    found = divisors(12)
    assert 3 in found
    assert 6 in found
    assert 5 not in found


def test_holds_itself():
    assert 7 in divisors(7)
    assert 2 not in divisors(7)
