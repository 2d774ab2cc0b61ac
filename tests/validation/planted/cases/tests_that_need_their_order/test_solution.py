from solution import greet

seen = []


def test_1():
    assert greet("a") == "Hello, a"
    seen.append(1)


def test_2():
    assert seen == [1]
    seen.append(2)


def test_3():
    assert seen == [1, 2]
    seen.append(3)


def test_4():
    assert seen == [1, 2, 3]
