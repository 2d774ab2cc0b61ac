from solution import twice


def test_it_says_what_it_does(capsys):
    assert twice(2) == 4
    assert capsys.readouterr().out == "twice 2\n"
