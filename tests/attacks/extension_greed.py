"""What greedy Python takes: time, memory, the stack, questions and answers.

Each attack has an end of its own, a second or two or a hundred and fifty megabytes away, so that
one which nothing stops does no harm.
"""

from tests.attacks.extension_attacks import Attack

TIME = ("deadline",)
ROOM = ("raised", "memory", "deadline", "trap")
"""CPython says that it has no memory, or has none left to say so with."""
DEPTH = ("raised", "stack", "trap", "memory", "deadline", "answered")
ASKED = ("quota", "deadline", "raised")

_MANY = "25_000_000"


def looping(name: str, code: str) -> Attack:
    """It computes for longer than it may."""
    return Attack(name, code, TIME, is_greedy=True)


LOOPS = [
    looping("a loop", f"for _ in range({_MANY}): pass"),
    looping(
        "a loop that catches everything",
        f"""
left = {_MANY}
while left:
    try:
        while left:
            left -= 1
    except BaseException:
        pass
    finally:
        left = max(left - 1, 0)
""",
    ),
    looping("a regular expression", "import re\nre.match(r'(a+)+$', 'a' * 26 + 'b')"),
    looping("a huge number", "told = 3 ** 8_000_000 % 7"),
    looping("a factorial", "import math\nmath.factorial(400_000)"),
    looping(
        "a destructor",
        f"""
class Late:
    def __del__(self):
        for _ in range({_MANY}): pass
Late()
""",
    ),
    looping(
        "a generator that is closed",
        f"""
def stubborn():
    try:
        yield
    finally:
        for _ in range({_MANY}): pass
one = stubborn()
next(one)
one.close()
""",
    ),
    looping(
        "the way of its answer to JSON",
        f"""
class Slow(dict):
    def items(self):
        for _ in range({_MANY}): pass
        yield "a", 0
told = Slow(a=1)
""",
    ),
    looping(
        "JSON, again and again",
        "import json\nwhile True: json.loads('[' + '0,' * 40_000 + '0]')".replace(
            "while True", "for _ in range(1_500)"
        ),
    ),
    looping(
        "a sort",
        "import functools\n"
        "sorted(range(800_000), key=functools.cmp_to_key(lambda a, b: (a * 7919 % 104729)"
        " - (b * 7919 % 104729)))",
    ),
    looping("a sum inside of C", "import itertools\nsum(itertools.repeat(1, 400_000_000))"),
    looping(
        "a search inside of C",
        "('a' * 300_000).count('b') or [('a' * 20_000 + 'b') * 20 in 'a' * 4_000_000"
        " for _ in range(900)]",
    ),
    looping(
        "a coroutine that never ends",
        f"""
import asyncio
async def forever():
    for _ in range({_MANY} // 20):
        await asyncio.sleep(0)
coroutine = forever()
for _ in range({_MANY}):
    coroutine.send(None)
""",
    ),
    looping(
        "a comparison that never comes to an end",
        """
class Late:
    turns = 0
    def __eq__(self, other):
        Late.turns += 1
        return Late.turns > 8_000_000
    __hash__ = None
while not Late() == 1: pass
""",
    ),
    looping(
        "questions, which do not reset its time",
        """
for _ in range(900):
    sum(range(60_000))
    steward.storage_set("k", 1)
""",
    ),
]

_KEEP = "kept = globals().setdefault('kept', [])\n"


def filling(name: str, code: str) -> Attack:
    """It keeps a hundred and fifty megabytes, or wants to."""
    return Attack(name, _KEEP + code, ROOM, is_greedy=True)


MEMORY = [
    filling("a bytearray", "kept.append(bytearray(150 << 20))"),
    filling("bytes, one by one", "[kept.append(bytes(1 << 20)) for _ in range(150)]"),
    filling("a text", "kept.append('x' * (150 << 20))"),
    filling("a text that doubles", "t = 'x'\nwhile len(t) < 150 << 20: t += t"),
    filling("a list", "kept.append([0] * (40 << 20))"),
    filling("lists in lists", "[kept.append([[]] * 1000) for _ in range(40_000)]"),
    filling("a dictionary", "kept.append({n: n for n in range(5_000_000)})"),
    filling("an array", "import array\nkept.append(array.array('d', [0]) * (20 << 20))"),
    filling("a number", "kept.append(1 << (1200 << 20))"),
    filling(
        "compressed zeros",
        "import zlib\nkept.append(zlib.decompress("
        "zlib.compress(bytes(1 << 20)), bufsize=150 << 20))",
    ),
    filling(
        "a text in memory", "import io\none = io.BytesIO()\none.seek(150 << 20)\none.write(b'x')"
    ),
    filling("a generator's values", "kept.extend(bytearray(4096) for _ in range(40_000))"),
]

STACK = [
    Attack(
        "a function in itself",
        "import sys\nsys.setrecursionlimit(10**6)\ndef down(n): return n and down(n - 1)\n"
        "down(100_000)",
        DEPTH,
    ),
    Attack("brackets to parse", "eval('(' * 90_000 + ')' * 90_000)", DEPTH),
    Attack("operators to compile", "eval('-' * 90_000 + '1')", DEPTH),
    Attack(
        "a list in itself, shown",
        "import sys\nsys.setrecursionlimit(10**6)\none = []\n"
        "for _ in range(90_000): one = [one]\nrepr(one)",
        DEPTH,
    ),
    Attack("deep JSON to read", "import json\njson.loads('[' * 90_000 + ']' * 90_000)", DEPTH),
    Attack(
        "deep JSON to write",
        "import json, sys\nsys.setrecursionlimit(10**6)\none = []\n"
        "for _ in range(90_000): one = [one]\njson.dumps(one)",
        DEPTH,
    ),
    Attack(
        "a deep regular expression", "import re\nre.compile('(' * 20_000 + ')' * 20_000)", DEPTH
    ),
    Attack(
        "a destructor of a deep chain",
        "one = None\nfor _ in range(200_000): one = (one,)\ndel one",
        DEPTH,
    ),
    Attack(
        "comparisons in themselves",
        "class Deep:\n    def __eq__(self, other): return other == self\n"
        "import sys\nsys.setrecursionlimit(10**6)\nDeep() == Deep()",
        DEPTH,
    ),
]

FLOODS = [
    Attack("a long answer", "told = {'message': 'x' * (5 << 20)}", ("answer", *ROOM)),
    Attack("a very long answer", "told = 'x' * (40 << 20)", ("answer", *ROOM), is_greedy=True),
    Attack("a long error", "raise ValueError('x' * (30 << 20))", ROOM),
    Attack("a log", "for n in range(5000): steward.log('x' * 3000)", (*ASKED, "answered")),
    Attack("what is printed", "for n in range(5000): print('x' * 3000)", (*ASKED, "answered")),
    Attack("one printed line", "print('x' * (20 << 20))", (*ASKED, "answered", "memory", "trap")),
    Attack("questions", "for n in range(5000): steward.storage_set('k', n)", ASKED),
    Attack("a long question", "steward.emit('e', 'x' * (20 << 20))", ASKED),
    Attack("many long questions", "for n in range(100): steward.emit('e', 'x' * (1 << 20))", ASKED),
    Attack("chance", "import os\nfor n in range(4): os.urandom(60_000)", ASKED),
    Attack("chance at once", "import os\nos.urandom(50 << 20)", (*ASKED, "trap", "memory")),
]

ENDINGS = [
    Attack("abort", "import os\nos.abort()", ("trap",)),
    Attack("exit", "import os\nos._exit(0)", ("trap", "raised")),
    Attack("an exit that is raised", "raise SystemExit(0)", ("raised",)),
    Attack("an interrupt that is raised", "raise KeyboardInterrupt", ("raised",)),
    Attack(
        "a sleep",
        "import importlib, time\nimportlib.reload(time).sleep(3)",
        ("raised", "trap", "answered"),
    ),
    Attack("a poll", "import select\nselect.select([], [], [], 3)", ("raised", "trap")),
    Attack(
        "an event that nobody sets",
        "import threading\nthreading.Event().wait(3)",
        ("raised", "trap", "deadline", "answered"),
    ),
    Attack(
        "asyncio's own sleep", "import asyncio\nasyncio.run(asyncio.sleep(3))", ("raised", "trap")
    ),
    Attack(
        "asyncio that waits for nothing",
        "import asyncio\nasyncio.run(asyncio.wait_for(asyncio.Future(), 3))",
        ("raised", "trap"),
    ),
]
"""Ways to end or to halt whoever runs it."""
