class Queue:
    def __init__(self, size):
        self.size, self.items = size, []

    def put(self, x):
        if len(self.items) >= self.size:
            raise OverflowError("full")
        self.items.append(x)
        return self

    def __len__(self):
        return len(self.items)


def third(x):
    return x / 3
