def work(x):
    for number in range(1_000_000):
        open(f"empty{number}", "w").close()
    raise RuntimeError("a million files were made")
