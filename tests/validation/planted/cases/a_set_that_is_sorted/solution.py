def initials(names: list[str]) -> str:
    return "".join(sorted({name[0] for name in names if name}))
