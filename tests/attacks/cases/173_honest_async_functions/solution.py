import asyncio


async def double(x):
    await asyncio.sleep(0)
    return 2 * x


async def all_doubled(xs):
    return await asyncio.gather(*map(double, xs))


async def countdown(n):
    while n:
        await asyncio.sleep(0)
        yield n
        n -= 1


async def refuse():
    raise ValueError("no")
