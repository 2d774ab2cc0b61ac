"""Programs as people write them who learn, with one to three faults each, and what must hold."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Program:
    """Faulty files, their tests, and truths about ``names`` that no test asks for."""

    files: dict[str, str]
    tests: str
    truths: tuple[str, ...]


def _one(code: str, tests: str, *truths: str) -> Program:
    return Program({"solution.py": code}, tests, truths)


GRADES = _one(
    """\
def average(marks):
    total = 1
    for mark in marks:
        total += mark
    return total / len(marks)


def grade(marks):
    mean = average(marks)
    if mean > 90:
        return "A"
    if mean >= 70:
        return "B"
    return "C"
""",
    """\
from solution import average, grade
def test_average(): assert average([80, 90]) == 85
def test_one(): assert average([7]) == 7
def test_top(): assert grade([90, 90]) == "A"
def test_middle(): assert grade([69, 71]) == "B"
def test_low(): assert grade([10]) == "C"
""",
    "average([1, 2, 3]) == 2",
    "grade([70]) == 'B'",
)
ACCOUNT = _one(
    """\
class Account:
    def __init__(self, owner, balance=0):
        self.owner = owner
        self.balance = balance
        self.history = []

    def deposit(amount):
        self.balance += amount
        self.history.append(amount)

    def withdraw(self, amount):
        self.balance -= amount
        self.history.append(amount)
        return self.balance
""",
    """\
import pytest
from solution import Account
def test_deposit():
    a = Account("Ann")
    a.deposit(50)
    assert a.balance == 50
def test_withdraw():
    a = Account("Ann", 70)
    assert a.withdraw(20) == 50
def test_history():
    a = Account("Bob", 70)
    a.withdraw(20)
    assert a.history == [-20]
def test_too_much():
    a = Account("Eve", 10)
    with pytest.raises(ValueError):
        a.withdraw(11)
    assert a.balance == 10
""",
    "Account('x', 5).withdraw(5) == 0",
)
EVENS = _one(
    """\
def evens(n):
    i = 1
    while i <= n:
        if i % 2 == 1:
            yield i
""",
    """\
from solution import evens
def test_none(): assert list(evens(1)) == []
def test_two(): assert list(evens(2)) == [2]
def test_six(): assert list(evens(6)) == [2, 4, 6]
""",
    "list(evens(9)) == [2, 4, 6, 8]",
)
FLATTEN = _one(
    """\
def flatten(items):
    flat = []
    for item in items:
        if isinstance(item, list):
            flat.append(flatten(item))
        else:
            flat.append(items)
    return flat
""",
    """\
from solution import flatten
def test_flat(): assert flatten([1, 2]) == [1, 2]
def test_nested(): assert flatten([1, [2, [3]]]) == [1, 2, 3]
def test_empty(): assert flatten([]) == []
""",
    "flatten([[[]], [4, [5]], 6]) == [4, 5, 6]",
)
FIBONACCI = _one(
    """\
def fibonacci(n):
    if n == 1:
        return n
    return fibonacci(n - 1) + fibonacci(n - 1)
""",
    """\
import unittest
from solution import fibonacci
class TestFibonacci(unittest.TestCase):
    def test_zero(self): self.assertEqual(fibonacci(0), 0)
    def test_one(self): self.assertEqual(fibonacci(1), 1)
    def test_more(self): self.assertEqual([fibonacci(n) for n in (2, 3, 4, 5)], [1, 2, 3, 5])
""",
    "fibonacci(10) == 55",
)
COUNT = _one(
    """\
def count_words(text):
    counts = {}
    for word in text.lower.split():
        if word in counts:
            counts[word] = 1
        else:
            counts[word] = 1
    return counts


def most_common(text):
    counts = count_words(text)
    return min(counts, key=counts.get)
""",
    """\
from solution import count_words, most_common
def test_one(): assert count_words("a") == {"a": 1}
def test_case(): assert count_words("A a b") == {"a": 2, "b": 1}
def test_empty(): assert count_words("") == {}
def test_many(): assert count_words("x x x x y") == {"x": 4, "y": 1}
def test_common(): assert most_common("b a b") == "b"
""",
    "count_words('to be or not to be TO') == {'to': 3, 'be': 2, 'or': 1, 'not': 1}",
    "most_common('p q q r r r') == 'r'",
)
SHOP = Program(
    {
        "shop/__init__.py": "",
        "shop/price.py": (
            "RATE = 0.2\n\n\ndef gross(net):\n    return net - net * RATE\n\n\n"
            "def discount(price, percent):\n    return price - price * percent / 100\n"
        ),
        "shop/cart.py": (
            "from shop.price import discount, gross\n\n\nclass Cart:\n"
            "    def __init__(self, lines=[]):\n        self.lines = lines\n\n"
            "    def add(self, net, count=1):\n        self.lines.append((net, count))\n\n"
            "    def total(self, percent=0):\n        total = 0\n"
            "        for net, count in self.lines:\n            total += gross(net) * count\n"
            "        return discount(total, percent)\n"
        ),
    },
    """\
from shop.cart import Cart
def near(a, b): return abs(a - b) < 1e-9
def test_single():
    c = Cart()
    c.add(10)
    assert near(c.total(), 12)
def test_fresh(): assert Cart().lines == []
def test_two():
    c = Cart()
    c.add(10, 2)
    c.add(5)
    assert near(c.total(), 30)
def test_discount():
    c = Cart()
    c.add(100)
    assert near(c.total(50), 60)
""",
    (),
)
LEAP = _one(
    '''\
def is_leap(year):
    """Whether a year is a leap year.

    >>> is_leap(2000)
    True
    >>> is_leap(1900)
    False
    >>> is_leap(2024)
    True
    >>> is_leap(2023)
    False
    """
    if year % 4 == 0:
        if year % 100 != 0:
            return year % 400 != 0
        return True
    print(False)
''',
    """\
import doctest
import solution
def test_examples(): assert doctest.testmod(solution).failed == 0
def test_2000(): assert solution.is_leap(2000) is True
def test_2023(): assert solution.is_leap(2023) is False
def test_1900(): assert solution.is_leap(1900) is False
def test_2024(): assert solution.is_leap(2024) is True
""",
    "is_leap(2400)",
    "not is_leap(2100)",
)
VOWEL = _one(
    """\
def is_vowel(letter):
    return letter == "a" or "e" or "i" or "o" or "u"


def count_vowels(text):
    for letter in text:
        count = 0
        if is_vowel(letter):
            count += 1
    return count
""",
    """\
from solution import count_vowels, is_vowel
def test_yes(): assert is_vowel("a") and is_vowel("u")
def test_no(): assert not is_vowel("b")
def test_word(): assert count_vowels("education") == 5
def test_none(): assert count_vowels("xyz") == 0
""",
    "count_vowels('banana') == 3",
    "not is_vowel('y')",
)
CHAIN = _one(
    """\
class Node:
    def __init__(self, value):
        self.value = value
        self.next = None


class LinkedList:
    def __init__(self):
        self.head = None
        self.size = 1

    def push(self, value):
        node = Node(value)
        node.next = self.head
        self.head = node
        self.size += 1

    def values(self):
        found = []
        node = self.head
        while node:
            found.append(node.value)
        return found
""",
    """\
from solution import LinkedList
def test_empty(): assert LinkedList().values() == []
def test_size(): assert LinkedList().size == 0
def test_one():
    l = LinkedList()
    l.push(3)
    assert l.values() == [3]
    assert l.size == 1
def test_two():
    l = LinkedList()
    l.push(3)
    l.push(4)
    assert l.values() == [4, 3]
""",
    "LinkedList().size == 0",
)
COUNTER = _one(
    """\
visits = 0


def visit():
    visits += 1
    return visits


def sort_names(names):
    return names.sort()


def initials(name):
    letters = [word[1] for word in name.split()]
    return "".join(letters)
""",
    """\
import solution
def test_visit():
    assert solution.visit() == 1
    assert solution.visit() == 2
def test_sort(): assert solution.sort_names(["b", "a"]) == ["a", "b"]
def test_initials(): assert solution.initials("Ada Lovelace") == "AL"
""",
    "sort_names(['c', 'a', 'b']) == ['a', 'b', 'c']",
    "initials('Grace Brewster Hopper') == 'GBH'",
)
PRIMES = _one(
    """\
def is_prime(n):
    if n < 1:
        return False
    for d in range(2, n):
        if n % d == 0:
            return False
        return True


def primes(limit):
    found = []
    for n in range(limit):
        if is_prime(n):
            found.append(n)
    return found
""",
    """\
from solution import is_prime, primes
def test_one(): assert not is_prime(1)
def test_two(): assert is_prime(2) is True
def test_nine(): assert is_prime(9) is False
def test_small(): assert primes(10) == [2, 3, 5, 7]
def test_end(): assert primes(7) == [2, 3, 5, 7]
""",
    "primes(23) == [2, 3, 5, 7, 11, 13, 17, 19, 23]",
    "not is_prime(25)",
)
PALINDROME = _one(
    """\
def is_palindrome(text):
    letters = [c for c in text if c.isalpha()]
    left, right = 0, len(letters)
    while left < right:
        if letters[left] == letters[right]:
            return False
        left += 1
        right -= 1
    return True
""",
    """\
from solution import is_palindrome
def test_empty(): assert is_palindrome("")
def test_yes(): assert is_palindrome("abba")
def test_odd(): assert is_palindrome("a b, cba")
def test_no(): assert not is_palindrome("abca")
def test_short(): assert not is_palindrome("ab")
""",
    "is_palindrome('xyzyx')",
    "not is_palindrome('xyzx')",
)
QUEUE = _one(
    """\
class Queue:
    def __init__(self):
        self.items = []
        self.served = 1

    def push(self, item):
        self.items.append(item)

    def pop(self):
        if len(self.items) == 1:
            return None
        self.served += 1
        return self.items.pop()

    def __len__(self):
        return len(self.items)
""",
    """\
from solution import Queue
def test_empty(): assert Queue().pop() is None
def test_single():
    q = Queue()
    q.push(3)
    assert q.pop() == 3
def test_order():
    q = Queue()
    for n in (1, 2, 3): q.push(n)
    assert [q.pop(), q.pop(), q.pop()] == [1, 2, 3]
def test_served():
    q = Queue()
    assert q.served == 0
""",
    "Queue().served == 0",
    "len(Queue()) == 0",
)
PROGRAMS = {
    "grades": GRADES, "account": ACCOUNT, "evens": EVENS, "flatten": FLATTEN,
    "fibonacci": FIBONACCI, "count": COUNT, "shop": SHOP, "leap": LEAP, "vowel": VOWEL,
    "list": CHAIN, "counter": COUNTER, "primes": PRIMES, "palindrome": PALINDROME, "queue": QUEUE,
}  # fmt: skip
