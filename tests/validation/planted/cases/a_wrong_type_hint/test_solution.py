from solution import label


def test_it_is_a_text():
    assert label(3) == "number 3"
    assert label(-1) == "number -1"
