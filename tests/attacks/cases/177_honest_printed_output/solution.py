import sys


def table(rows):
    for name, value in rows:
        print(f"{name:<5}|{value:>4}")


def warn(text):
    print(text, file=sys.stderr)
    return text
