import asyncio

import pytest
from solution import all_doubled, countdown, double, refuse


def test_double():
    assert asyncio.run(double(4)) == 8
    assert asyncio.run(all_doubled([1, 2])) == [2, 4]


def test_refuse():
    with pytest.raises(ValueError, match="no"):
        asyncio.run(refuse())


def test_inside():
    async def both():
        return await double(1) + await double(2)

    assert asyncio.run(both()) == 6


def test_asynchronous_generator():
    async def collect():
        return [n async for n in countdown(3)]

    assert asyncio.run(collect()) == [3, 2, 1]
