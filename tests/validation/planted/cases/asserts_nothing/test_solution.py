from solution import area


def test_it_runs():
    area(3, 4)
