import pytest
from solution import forever


def test_forever():
    with pytest.raises(RecursionError):
        forever(0)
