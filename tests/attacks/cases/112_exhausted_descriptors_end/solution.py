def work(x):
    held = []
    while True:
        held.append(open("/dev/null"))
