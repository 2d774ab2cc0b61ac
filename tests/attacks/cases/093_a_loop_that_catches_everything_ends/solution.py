def work(x):
    while True:
        try:
            while True:
                x += 1
        except BaseException:
            continue
