def escape():
    print("\x1b]0;owned\x07\x1b[2J\x1b[31m\x9b2J")
    raise ValueError("\x1b[2J\x1b]8;;http://example.invalid\x07")
