"""Valid texts of kinds that edits by position get wrong."""

from __future__ import annotations

HOSTILE = {
    "tabs": ("def f(a):\n\tif a:\n\t\treturn 1\n\telse:\n\t\tb = '''\n\t\tx'''\n\t\treturn b\n"),
    "tabs and blanks": ("def f(a):\n\tif a:\n\t        return 1\n\telse:\n\t        return 2\n"),
    "a form feed in the indentation": (
        "def f(a):\n\x0c    if a:\n        return 1\n    else:\n        return 2\n"
    ),
    "continued lines": ("def f(a):\n    b = \\\n        a\n    return \\\n        b\n"),
    "semicolons": """def f(a):
    b = a; return b
    pass; pass
""",
    "decorators": """@d(not a in b)
def f(a):
    if a: return 1
    else:
        @d
        def g(): pass
        return g
""",
    "async": """async def f(a):
    b = []
    for c in a:
        b.append(await c)
    async with a:
        return 1
        await a
""",
    "match": """def f(a):
    match a:
        case [b, *c] if not b in c:
            return True
            pass
        case {'x': 1, **d}:
            e = d
            return e
""",
    "lambdas": """f = lambda a: (lambda b: True if not a in b else False)
""",
    "classes": """class A:
    b = []
    for c in 'ab':
        b.append(c)
    if b:
        if c:
            pass
            d = 1
    def e(self):
        f = super()
        return f
""",
    "declared": """def f():
    global b
    b = 1
    return b
def g():
    c = 1
    def h():
        nonlocal c
        c = 2
        return c
    return h
""",
    "deleted": """def f(a):
    b = a
    del a
    a = b
    return a
    del b
""",
    "finally": """def f(a):
    try:
        b = a
        return b
    finally:
        return a
        f(a)
""",
    "f-strings": """def f(a):
    return f'{not a in [1]!r:>{a if a else 1}}' if not a in [2] else f''
""",
    "groups": """def f(a):
    try:
        pass
        f(a)
    except* ValueError as e:
        b = e
        print(b)
        pass
""",
    "walrus": """def f(a):
    if (b := a):
        if not (c := b) in [1]:
            return c
""",
    "types": """def f(a: 'not a in b' = 1) -> 'x if x else y':
    b: list[int] = []
    for c in a:
        b.append(c)
    return b
""",
    "empty": ("\n"),
}
