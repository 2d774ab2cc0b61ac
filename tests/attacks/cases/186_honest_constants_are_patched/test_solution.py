import pytest
import solution


def test_tax():
    assert solution.tax(100) == pytest.approx(20)


def test_other_rate(monkeypatch):
    monkeypatch.setattr(solution, "RATE", 0.5)
    assert solution.tax(100) == pytest.approx(50)


def test_rate_is_back():
    assert solution.RATE == 0.2
