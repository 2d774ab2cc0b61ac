import threading


def total(numbers):
    lock, result = threading.Lock(), []

    def work(part):
        with lock:
            result.append(sum(part))

    parts = [numbers[i::3] for i in range(3)]
    threads = [threading.Thread(target=work, args=(p,)) for p in parts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(result)
