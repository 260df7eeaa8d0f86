"""What models do to the JSON that they were asked for, in twenty kinds over five objects."""

import json
import re
from collections.abc import Callable
from typing import Any

CODE = 'def area(radius: float) -> float:\n    """Of a "disc"."""\n    return 3.14 * radius**2\n'
DIFF = "--- a/x.py\n+++ b/x.py\n@@ -1,2 +1,2 @@\n-a = {'k': 1}\n+a = {'k': [2]}\n b\n"

OBJECTS: dict[str, dict[str, Any]] = {
    "tool call": {"name": "edit", "numbers": [1, 2], "text": CODE, "is_final": False},
    "plan": {"name": "Plan", "numbers": [], "text": "Read first.\nThen edit.\n", "is_final": True},
    "diff": {"name": "diff", "numbers": [3], "text": DIFF, "is_final": False},
    "review": {
        "name": "r",
        "numbers": [7, 8, 9],
        "text": "It's fine, mostly: a, b.",
        "is_final": True,
    },
    "query": {"name": "find", "numbers": [0], "text": "^\\s*(\\w+)\\[\\d\\]$", "is_final": False},
}

Damage = Callable[[dict[str, Any]], str]


def _pretty(value: dict[str, Any]) -> str:
    return json.dumps(value, indent=2)


def _raw_newlines(value: dict[str, Any]) -> str:
    return re.sub(r"(?<!\\)\\n", "\n", json.dumps(value))


def _unquoted_keys(value: dict[str, Any]) -> str:
    return re.sub(r'"(name|numbers|text|is_final)":', r"\1:", json.dumps(value))


def _missing_comma(value: dict[str, Any]) -> str:
    return _pretty(value).replace(',\n  "text"', '\n  "text"')


def _unescaped_quotes(value: dict[str, Any]) -> str:
    return json.dumps(value).replace('\\"', '"')


def _comment(value: dict[str, Any]) -> str:
    return _pretty(value).replace('"numbers"', '// how many\n  "numbers"')


DAMAGES: dict[str, Damage] = {
    "nothing": json.dumps,
    "fence": lambda value: f"```json\n{_pretty(value)}\n```",
    "fence and words": lambda value: f"Here it is:\n\n```json\n{_pretty(value)}\n```\nDone!",
    "words before": lambda value: f"Sure, the JSON is {json.dumps(value)}",
    "words after": lambda value: f"{json.dumps(value)}\n\nLet me know {{if}} it helps.",
    "thoughts": lambda value: f'<think>maybe {{"name": 1}}?</think>\n{json.dumps(value)}',
    "trailing comma": lambda value: f"{json.dumps(value)[:-1]},}}",
    "single quotes": repr,
    "unquoted keys": _unquoted_keys,
    "raw line ends": _raw_newlines,
    "encoded twice": lambda value: json.dumps(json.dumps(value)),
    "missing comma": _missing_comma,
    "comment": _comment,
    "unescaped quotes": _unescaped_quotes,
    "python constants": lambda value: (
        json.dumps(value).replace("false", "False").replace("true", "True")
    ),
    "cut at a half": lambda value: json.dumps(value)[: len(json.dumps(value)) // 2],
    "cut before the end": lambda value: json.dumps(value)[:-9],
    "no last bracket": lambda value: json.dumps(value)[:-1],
    "numbers as strings": lambda value: json.dumps(
        {**value, "numbers": [*map(str, value["numbers"])]}
    ),
    "byte order mark": lambda value: f"\ufeff{json.dumps(value)}",
}
