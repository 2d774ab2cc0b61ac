def label(number: int) -> int:
    return f"number {number}"
