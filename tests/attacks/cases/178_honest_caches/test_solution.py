import solution


def test_fib():
    solution.fib.cache_clear()
    assert solution.fib(50) == 12586269025
    assert solution.fib.cache_info().misses == 51


def test_again():
    solution.fib(10)
    before = len(solution.CALLS)
    solution.fib(10)
    assert len(solution.CALLS) == before
