class Stack(list):
    def push(self, x):
        self.append(x)
        return self

    @property
    def top(self):
        return self[-1]


class Name(str):
    def shout(self):
        return Name(self.upper() + "!")


class Grid(dict):
    def __missing__(self, key):
        return 0
