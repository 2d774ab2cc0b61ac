def work(x):
    held = []
    while True:
        held.append(bytearray(16 << 20))
