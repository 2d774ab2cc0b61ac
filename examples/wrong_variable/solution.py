def merge_counts(left, right):
    """Add up two dictionaries of counts."""
    merged = dict(left)
    for key, count in right.items():
        merged[key] = left.get(key, 0) + merged.get(key, 0)
    return merged
