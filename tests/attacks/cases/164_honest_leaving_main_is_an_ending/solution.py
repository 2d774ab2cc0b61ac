import sys


def main(arguments):
    if not arguments:
        print("usage: main NAME", file=sys.stderr)
        sys.exit(2)
    print(f"hello {arguments[0]}")
    sys.exit(0)
