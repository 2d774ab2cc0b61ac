import pytest

pytest.skip("not here", allow_module_level=True)


def add(a, b):
    return 0
