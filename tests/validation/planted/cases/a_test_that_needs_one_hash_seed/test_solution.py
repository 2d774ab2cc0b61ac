from solution import letters


def test_as_it_came_out_once():
    assert letters("proven") == ["n", "r", "v", "o", "p", "e"]
