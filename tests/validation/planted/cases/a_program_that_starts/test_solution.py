import sys

import pytest

import solution
from solution import shout


def test_shout():
    assert shout("hey") == "HEY!"
    assert shout("") == "!"


def test_the_program(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["solution", "hey"])
    solution.main()
    assert capsys.readouterr().out == "HEY!\n"


def test_a_word_is_needed(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["solution"])
    with pytest.raises(SystemExit):
        solution.main()
