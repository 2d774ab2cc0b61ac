import pytest

from solution import fare


@pytest.mark.parametrize(
    ("age", "cents"), [(0, 0), (5, 0), (6, 300), (7, 300), (64, 300), (65, 150), (66, 150)]
)
def test_every_edge(age, cents):
    assert fare(age) == cents
