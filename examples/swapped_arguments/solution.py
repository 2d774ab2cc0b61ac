def power(base, exponent):
    """base ** exponent for exponent >= 0, by squaring."""
    if exponent == 0:
        return 1
    half = power(exponent // 2, base)
    return half * half * (base if exponent % 2 else 1)
