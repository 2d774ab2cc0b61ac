import pytest
from solution import main


def test_usage():
    with pytest.raises(SystemExit) as left:
        main([])
    assert left.value.code == 2


def test_hello(capsys):
    with pytest.raises(SystemExit) as left:
        main(["you"])
    assert left.value.code == 0
    assert capsys.readouterr().out == "hello you\n"
