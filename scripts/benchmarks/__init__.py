"""One benchmark a file, started by ``scripts/bench NAME``.

Each ends with ``main(sys.argv[1:])`` under ``if __name__ == "__main__"``,
writes progress to standard error, and prints one JSON object as its last line.
"""
