import os


def escape():
    print("\ud800 \x00 \udcff")
    os.write(1, b"\x00\xff\xfe\x80")
    raise ValueError("\ud800\x00\udcff")
