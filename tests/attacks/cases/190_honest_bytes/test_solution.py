from solution import digest, patch, xor


def test_bytes():
    assert xor(b"\x00\xff", b"\xff\xff") == b"\xff\x00"
    assert digest(b"").startswith("e3b0c442")


def test_bytearray():
    buffer = bytearray(b"hello")
    patch(buffer, 1, b"EL")
    assert buffer == bytearray(b"hELlo")
