def initials(names: list[str]) -> str:
    return "".join({name[0] for name in names if name})
