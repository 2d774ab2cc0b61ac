from solution import bucket


def test_it_is_a_drawer():
    assert 0 <= bucket("proof") < 1000
    assert 0 <= bucket("swarm") < 1000
