"""A cipher that moves letters along the alphabet."""


def shifted(text: str, by: int) -> str:
    """Each letter ``by`` places on, from z back to a; all else stays."""
    moved = []
    for sign in text:
        if "a" <= sign <= "z":
            moved.append(chr((ord(sign) - 97 + by) % 26 + 97))
        elif "A" <= sign <= "Z":
            moved.append(chr((ord(sign) - 65 + by) % 26 + 65))
        else:
            moved.append(sign)
    return "".join(moved)
