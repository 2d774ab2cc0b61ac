from solution import step


def test_many():
    total = 0
    for n in range(10_000):
        total += step(n)
    assert total == sum(n // 2 if n % 2 == 0 else 3 * n + 1 for n in range(10_000))
