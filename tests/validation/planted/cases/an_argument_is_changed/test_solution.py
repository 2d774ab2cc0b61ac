from solution import biggest


def test_the_biggest():
    assert biggest([3, 9, 1]) == 9
    assert biggest([4]) == 4
