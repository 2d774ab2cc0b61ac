from solution import table, warn


def test_table(capsys):
    table([("a", 1), ("bb", 22)])
    assert capsys.readouterr().out == "a    |   1\nbb   |  22\n"


def test_warn(capsys):
    assert warn("careful") == "careful"
