import zlib


def work(x):
    squeeze = zlib.compressobj(9)
    packed = b"".join(squeeze.compress(bytes(1 << 22)) for _ in range(512)) + squeeze.flush()
    return len(zlib.decompress(packed))
