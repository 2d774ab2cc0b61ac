from solution import compose, counter, double


def test_counter():
    step, other = counter(), counter(10)
    assert [step(), step(5), other()] == [1, 6, 11]


def test_compose():
    assert compose(double, double)(3) == 12
    assert compose(str, len)(12345) == 5
