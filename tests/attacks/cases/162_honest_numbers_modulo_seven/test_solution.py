from solution import Mod7


def test_products():
    assert Mod7(3) * 5 == 1
    assert Mod7(3) * Mod7(5) == 15
    assert Mod7(6) != 5


def test_round():
    for number in range(20):
        assert Mod7(number) == number + 7
