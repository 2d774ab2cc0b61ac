def dedupe(xs):
    seen, kept = set(), []
    for x in xs:
        if x not in seen:
            seen.add(x)
            kept.append(x)
    xs[:] = kept


def register(table, key, value):
    table.setdefault(key, []).append(value)
    return table
