import asyncio

from solution import twice


def test_twice():
    assert asyncio.run(twice(2)) == 4
    assert asyncio.run(twice(5)) == 10
